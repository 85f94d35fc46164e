using System.Text;
using System.Text.Json;

namespace RtMatching.Cli.Input;

/// <summary>A line <c>{"id": ..., "text": "..."}</c>; the id is given back as it came, a string or a number.</summary>
internal sealed record TextLine(JsonElement Id, string Text);

/// <summary>Reads JSON lines one at a time, so that a file of any length passes in bounded memory.</summary>
internal static class TextLines
{
    /// <summary>A line longer than this is not a text but a mistake (a JSON array of a whole corpus, a binary file).</summary>
    private const int MaxLineLength = 20 * 1024 * 1024;

    /// <param name="path">A file, or null for stdin.</param>
    /// <exception cref="CommandException">A line is not such an object; the message names file and line.</exception>
    public static IEnumerable<TextLine> Read(string? path)
    {
        using var reader = new StreamReader(Open(path), new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true);
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length > MaxLineLength) throw Invalid(path, number, "is longer than 20 MB");
            if (!string.IsNullOrWhiteSpace(line)) yield return Parse(line, path, number);
        }
    }

    private static Stream Open(string? path)
    {
        if (path is null) return Console.OpenStandardInput();
        if (!File.Exists(path)) throw new CommandException($"{path}: no such file");
        return File.OpenRead(path);
    }

    private static TextLine Parse(string line, string? path, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw Invalid(path, number, "is not a JSON object");
            if (!root.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String) throw Invalid(path, number, "has no \"text\" string");
            if (!root.TryGetProperty("id", out var id) || id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                throw Invalid(path, number, "has no \"id\" string or number");
            return new TextLine(id.Clone(), text.GetString()!);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Invalid(path, number, "is not JSON: " + exception.Message);
        }
    }

    private static CommandException Invalid(string? path, int number, string what) =>
        new($"{path ?? "stdin"}, line {number}: {what}; expected {{\"id\": \"...\", \"text\": \"...\"}}");
}
