using System.Runtime.CompilerServices;

namespace RtMatching.Core.Ingestion;

/// <summary>The texts of a corpus that something is fitted on, one after another: those of a file's lines, or of a folder's files.</summary>
public static class CorpusTexts
{
    private const string JsonLines = ".jsonl";
    private static readonly string[] WholeTexts = [".txt", ".md"];

    /// <summary>
    /// Of a .jsonl file the "text" of each line, of another file each line; of a folder every .txt and .md file as one text and the lines of
    /// every .jsonl file, in ordinal order, other files left out.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="InvalidLineException">A line is not what it must be, or a text is too long.</exception>
    public static IAsyncEnumerable<string> ReadAsync(string path, CancellationToken cancellation = default)
    {
        if (!Path.Exists(path)) throw new FileNotFoundException($"There is no file or folder {path}.", path);
        return Directory.Exists(path) ? FolderAsync(path, cancellation) : FileAsync(path, cancellation);
    }

    private static async IAsyncEnumerable<string> FolderAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var (file, rejection) in FolderWalk.Files(path))
        {
            if (rejection is not null) continue;      // a link out of the folder, or a folder that may not be read
            if (HasEnding(file, JsonLines))
            {
                await foreach (var text in FileAsync(file, cancellation)) yield return text;
            }
            else if (WholeTexts.Any(ending => HasEnding(file, ending)))
            {
                if (new FileInfo(file).Length > IdentifiedTexts.DefaultMaxLength)
                    throw new InvalidLineException($"{file}: a text of more than {IdentifiedTexts.DefaultMaxLength:N0} bytes; leave it out or give its lines as a file");
                yield return await File.ReadAllTextAsync(file, cancellation);
            }
        }
    }

    private static async IAsyncEnumerable<string> FileAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
        if (HasEnding(path, JsonLines))
        {
            await foreach (var line in IdentifiedTexts.ReadAsync(stream, path, cancellation: cancellation)) yield return line.Text;
            yield break;
        }

        await foreach (var (number, line) in BoundedLines.ReadAsync(stream, IdentifiedTexts.DefaultMaxLength, cancellation))
        {
            yield return line ?? throw IdentifiedTexts.Invalid(path, number, $"has a text longer than {IdentifiedTexts.DefaultMaxLength:N0} characters");
        }
    }

    private static bool HasEnding(string path, string ending) => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
