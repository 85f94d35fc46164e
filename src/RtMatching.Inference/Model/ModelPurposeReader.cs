using System.Text.Json;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>
/// Finds out what a model is for: sentence-transformers' files in a Hugging Face folder, <c>pooling_type</c> in GGUF metadata, and last
/// whether the tokenizer appends an end token.
/// Sources: https://sbert.net/docs/package_reference/sentence_transformer/models.html (Pooling),
/// https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h (llama_pooling_type)
/// </summary>
internal static class ModelPurposeReader
{
    private const string ModulesFile = "modules.json";
    private const string PromptsFile = "config_sentence_transformers.json";
    private const string UsualPoolingFolder = "1_Pooling";
    private const string PoolingFile = "config.json";

    /// <summary>A model has three or four.</summary>
    private const int MaxModules = 32;

    /// <summary>
    /// By what sentence-transformers calls them; null for what is not done here. The sum over the root of the length points where the mean does.
    /// </summary>
    private static readonly (string Flag, string Name, PoolingKind? Pooling)[] Modes =
    [
        ("pooling_mode_lasttoken", "lasttoken", PoolingKind.Last),
        ("pooling_mode_mean_tokens", "mean", PoolingKind.Mean),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", PoolingKind.Mean),
        ("pooling_mode_cls_token", "cls", null),
        ("pooling_mode_max_tokens", "max", null),
        ("pooling_mode_weightedmean_tokens", "weightedmean", null),
    ];

    public static ModelPurpose Read(ModelFiles files) => files.IsGguf ? ReadGguf(files.Path) : ReadFolder(files.Path);

    private static ModelPurpose ReadGguf(string path)
    {
        using var file = GgufFile.Open(path);
        var type = new GgufFields(file).OptionalInt("pooling_type");
        var by = $"pooling_type {type} in the GGUF metadata";
        return type switch
        {
            1 => new ModelPurpose(ModelTask.Embedding, by) { Pooling = PoolingKind.Mean },
            3 => new ModelPurpose(ModelTask.Embedding, by) { Pooling = PoolingKind.Last },
            2 => new ModelPurpose(ModelTask.Embedding, by) { Note = Undone("cls") },
            4 => new ModelPurpose(ModelTask.Embedding, by) { Note = "it judges pairs (rank), which is not done here; its vectors may say little" },
            null or 0 => ByTokenizer(path),
            _ => throw new InvalidModelException($"{path}: {by}: the format knows 0 to 4. Convert the model again."),
        };
    }

    private static ModelPurpose ReadFolder(string folder)
    {
        var (poolingFolder, by, hasDense) = PoolingModule(folder);
        var pooling = System.IO.Path.Combine(folder, poolingFolder, PoolingFile);
        if (poolingFolder.Length == 0 || !File.Exists(pooling)) return ByTokenizer(folder) with { QueryPrompt = QueryPrompt(folder) };
        using var document = JsonFields.Parse(pooling);
        var chosen = Chosen(new JsonFields(pooling, document.RootElement));
        var kind = chosen is [var only] ? only.Pooling : null;
        var note = kind is not null ? null : Undone(chosen.Count == 0 ? "none that is known" : string.Join(" with ", chosen.Select(mode => mode.Name)));
        var query = QueryPrompt(folder);
        var notes = new[]
        {
            note, hasDense ? "a dense layer after the pooling is left out" : null,
            string.IsNullOrEmpty(query) || ModelPurpose.IsInstruction(query)
                ? null
                : $"its query prompt {HeaderText.Quote(query)} is not used: it is no instruction",
        };
        return new ModelPurpose(ModelTask.Embedding, $"{by}{(kind is null ? "" : $", pooling {kind.Value.Name()}")}")
        {
            Pooling = kind, QueryPrompt = query, Note = string.Join("; ", notes.OfType<string>()) is { Length: > 0 } all ? all : null,
        };
    }

    /// <summary>The folder of the pooling's settings; empty where the files name none.</summary>
    private static (string Folder, string By, bool HasDense) PoolingModule(string folder)
    {
        var path = System.IO.Path.Combine(folder, ModulesFile);
        if (!File.Exists(path)) return (UsualPoolingFolder, $"{UsualPoolingFolder}/{PoolingFile}", false);
        using var document = JsonFields.Parse(path, JsonValueKind.Array);
        var modules = JsonFields.Items(path, document.RootElement, MaxModules);
        var pooling = modules.FirstOrDefault(module => IsA(module, "Pooling"))?.OptionalString("path") ?? "";
        if (System.IO.Path.GetFileName(pooling) != pooling || pooling is "." or ".." || pooling.Contains('\\') || pooling.Contains('\0'))
            throw new InvalidModelException($"{path}: the pooling's path {HeaderText.Quote(pooling)} is no folder beside it. Download the file again.");
        return (pooling, $"{ModulesFile} and {pooling}/{PoolingFile}", modules.Any(module => IsA(module, "Dense")));
    }

    /// <summary>Types are class names with their package before them.</summary>
    private static bool IsA(JsonFields module, string type) => module.OptionalString("type") is { } name
        && (name == type || name.EndsWith("." + type, StringComparison.Ordinal));

    /// <summary>Flags in older files, one name in newer ones.</summary>
    private static List<(string Flag, string Name, PoolingKind? Pooling)> Chosen(JsonFields pooling)
    {
        var name = pooling.OptionalString("pooling_mode");
        return [.. Modes.Where(mode => name is null ? pooling.Bool(mode.Flag) : mode.Name == name)];
    }

    private static string? QueryPrompt(string folder)
    {
        var path = System.IO.Path.Combine(folder, PromptsFile);
        if (!File.Exists(path)) return null;
        using var document = JsonFields.Parse(path);
        return new JsonFields(path, document.RootElement).Section("prompts")?.OptionalString("query");
    }

    private static ModelPurpose ByTokenizer(string path) =>
        ModelPurpose.Of(LanguageModel.LoadTokenizer(path).SuffixIds.Count > 0, "its tokenizer");

    private static string Undone(string pooling) => $"its pooling, {pooling}, is not done here; the last token is pooled instead";
}
