namespace RtMatching.Cli.Input;

/// <summary>A file that a command reads, or standard input where none is named.</summary>
internal static class InputFile
{
    /// <exception cref="CommandException">There is no such file.</exception>
    public static Stream Open(string? path)
    {
        if (path is null) return Console.OpenStandardInput();
        if (!File.Exists(path)) throw new CommandException($"{path}: no such file");
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
    }

    /// <summary>As messages call it.</summary>
    public static string Name(string? path) => path ?? "stdin";
}
