using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>What a path given for a model stands for: a Hugging Face folder or a GGUF file.</summary>
/// <param name="Name">The folder's name, or the file's without its ending.</param>
/// <param name="Path">The folder or the GGUF file.</param>
internal sealed record ModelFiles(string Name, string Path, bool IsGguf)
{
    private const string GgufEnding = ".gguf";

    private static readonly EnumerationOptions SkipInaccessible = new() { IgnoreInaccessible = true };

    /// <exception cref="InvalidModelException">There is nothing that could be a model.</exception>
    public static ModelFiles Find(string path)
    {
        if (Directory.Exists(path)) return InFolder(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        if (!File.Exists(path))
            throw new InvalidModelException(
                $"{path}: there is no such model. Give a Hugging Face folder (config.json, {SafetensorsWeights.FileName}, tokenizer.json) "
                + "or a GGUF file.");
        if (path.EndsWith(GgufEnding, StringComparison.OrdinalIgnoreCase)) return Gguf(path);
        throw new InvalidModelException(
            $"{path}: neither a folder nor a {GgufEnding} file. Give the folder that holds config.json, weights and tokenizer.json.");
    }

    /// <summary>Every model in <paramref name="folder"/> or one level below: GGUF files and Hugging Face folders.</summary>
    public static IEnumerable<ModelFiles> AllIn(string folder)
        => Directory.EnumerateDirectories(folder, "*", SkipInaccessible).Prepend(folder)
            .SelectMany(f => GgufFilesIn(f).Select(Gguf).Concat(IsHuggingFace(f) ? [Folder(f)] : []))
            .OrderBy(m => m.Name, StringComparer.Ordinal);

    private static ModelFiles InFolder(string path)
    {
        if (IsHuggingFace(path)) return Folder(path);
        var files = GgufFilesIn(path);
        return files.Length switch
        {
            1 => Gguf(files[0]),
            0 => throw new InvalidModelException(
                $"{path}: it holds neither {ModelConfigReader.FileName} nor a {GgufEnding} file. Download the model's files here."),
            _ => throw new InvalidModelException($"{path}: it holds {files.Length} {GgufEnding} files. Name the one to use."),
        };
    }

    private static bool IsHuggingFace(string folder) => File.Exists(System.IO.Path.Combine(folder, ModelConfigReader.FileName));

    private static string[] GgufFilesIn(string folder)
        => [.. Directory.EnumerateFiles(folder, "*", SkipInaccessible)
            .Where(f => f.EndsWith(GgufEnding, StringComparison.OrdinalIgnoreCase))];

    private static ModelFiles Folder(string path) => new(System.IO.Path.GetFileName(path), path, IsGguf: false);

    private static ModelFiles Gguf(string path) => new(System.IO.Path.GetFileNameWithoutExtension(path), path, IsGguf: true);
}
