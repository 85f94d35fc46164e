using System.CommandLine;
using System.Text;
using RtMatching.Inference.Model;

namespace RtMatching.Cli.Commands;

/// <summary><c>tokenize</c>: lines of text in, JSON arrays of ids out.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var command = new Command("tokenize", "Reads lines of text from stdin and writes each one's token ids as a JSON array.") { model };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed.GetValue(model), cancellation)));
        return command;
    }

    private static int Run(string? model, CancellationToken cancellation)
    {
        var tokenizer = LanguageModel.LoadTokenizer(ModelCatalog.Resolve(model));
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), bufferSize: 1 << 16);
        foreach (var line in Lines(Console.OpenStandardInput()))
        {
            cancellation.ThrowIfCancellationRequested();
            output.Write('[');
            output.Write(string.Join(',', (int[])[.. tokenizer.PrefixIds, .. tokenizer.Encode(line), .. tokenizer.SuffixIds]));
            output.Write("]\n");
        }

        return ExitCode.Ok;
    }

    /// <summary>Ends lines at \n alone: a carriage return inside a line is text like any other and has ids of its own.</summary>
    private static IEnumerable<string> Lines(Stream input)
    {
        using var reader = new StreamReader(input, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16);
        var line = new StringBuilder();
        var buffer = new char[1 << 16];
        var pending = false;
        for (int read; (read = reader.Read(buffer)) > 0;)
        {
            var chunk = buffer.AsMemory(0, read);
            for (int end; (end = chunk.Span.IndexOf('\n')) >= 0; chunk = chunk[(end + 1)..])
            {
                line.Append(chunk[..end]);
                yield return line.ToString();
                line.Clear();
                pending = false;
            }

            line.Append(chunk);
            pending |= chunk.Length > 0;
        }

        if (pending) yield return line.ToString();
    }
}
