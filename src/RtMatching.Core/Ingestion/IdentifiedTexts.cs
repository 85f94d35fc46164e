using System.Runtime.CompilerServices;
using System.Text.Json;

namespace RtMatching.Core.Ingestion;

/// <summary>A line <c>{"id": ..., "text": "..."}</c>.</summary>
/// <param name="Id">As it came: a string or a number.</param>
/// <param name="Line">Its number, from 1.</param>
public sealed record IdentifiedText(JsonElement Id, string Text, long Line)
{
    /// <summary>The id as text.</summary>
    public string Name => Id.ValueKind == JsonValueKind.String ? Id.GetString()! : Id.GetRawText();
}

/// <summary>A line of a file or body is not what it must be. The message names the place and the form expected, and quotes nothing.</summary>
public sealed class InvalidLineException(string message) : FormatException(message);

/// <summary>Reads JSON lines of texts one at a time, so that a stream of any length passes in bounded memory.</summary>
public static class IdentifiedTexts
{
    /// <summary>UTF-16 units; a longer text is not a text but a mistake: a whole corpus as one line, a binary file.</summary>
    public const int DefaultMaxLength = 20 * 1024 * 1024;

    private const string Form = "expected {\"id\": \"...\", \"text\": \"...\"}";
    private const int MaxNameLength = 1000;

    // JSON may write a character as six; besides the text, a line holds an id and little else.
    private const int EscapeFactor = 6;
    private const int BesidesText = 64 * 1024;

    /// <param name="stream">UTF-8; stays the caller's. Blank lines are passed over.</param>
    /// <param name="source">What messages call it: the file's path, stdin, the body.</param>
    /// <exception cref="InvalidLineException">A line is not such an object, or its text is too long.</exception>
    public static async IAsyncEnumerable<IdentifiedText> ReadAsync(
        Stream stream, string source, int maxTextLength = DefaultMaxLength, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var (number, line) in BoundedLines.ReadAsync(stream, maxTextLength * (long)EscapeFactor + BesidesText, cancellation))
        {
            if (line is null) throw TooLong(source, number, maxTextLength);
            if (!string.IsNullOrWhiteSpace(line)) yield return Parse(line, source, number, maxTextLength);
        }
    }

    private static IdentifiedText Parse(string line, string source, long number, int maxTextLength)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var read = Read(json.RootElement, source, number);
            return read.Text.Length <= maxTextLength ? read : throw TooLong(source, number, maxTextLength);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The exception's own message quotes the line. InvalidOperationException: a string with half a surrogate pair.
            var place = exception is JsonException { BytePositionInLine: { } position } ? $" at byte {position + 1}" : "";
            throw Invalid(source, number, $"is not JSON{place}; {Form}");
        }
    }

    private static IdentifiedText Read(JsonElement root, string source, long number)
    {
        if (root.ValueKind != JsonValueKind.Object) throw Invalid(source, number, $"is not a JSON object; {Form}");
        if (!root.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            throw Invalid(source, number, $"has no \"text\" string; {Form}");
        if (!root.TryGetProperty("id", out var id) || id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            throw Invalid(source, number, $"has no \"id\" string or number; {Form}");
        var read = new IdentifiedText(id.Clone(), text.GetString()!, number);
        return read.Name.Length <= MaxNameLength ? read : throw Invalid(source, number, $"has an \"id\" longer than {MaxNameLength:N0} characters");
    }

    private static InvalidLineException TooLong(string source, long number, int maxTextLength) =>
        Invalid(source, number, $"has a text longer than {maxTextLength:N0} characters");

    internal static InvalidLineException Invalid(string source, long number, string what) => new($"{source}, line {number}: {what}");
}
