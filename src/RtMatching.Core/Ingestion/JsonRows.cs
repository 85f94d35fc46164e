using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace RtMatching.Core.Ingestion;

/// <summary>JSON Lines (https://jsonlines.org): one JSON object a line.</summary>
internal static class JsonRows
{
    private const string Unit = "line";

    // JSON may write a character as six (\u0041); beyond that a line cannot hold a document within the limit.
    private const int EscapeFactor = 6;

    public static async IAsyncEnumerable<BulkRow> ReadAsync(
        Stream stream, int maxDocumentBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var (number, line) in BoundedLines.ReadAsync(stream, maxDocumentBytes * (long)EscapeFactor, cancellation))
        {
            if (line is null)
                yield return BulkRow.Bad(Unit, number, "it is longer than any document may be", Outcomes.TooLarge);
            else if (!string.IsNullOrWhiteSpace(line))
                yield return Parse(number, line);
        }
    }

    private static BulkRow Parse(long number, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return BulkRow.Bad(Unit, number, "it is not a JSON object");
            var columns = new Dictionary<string, string[]>(StringComparer.Ordinal);
            foreach (var property in json.RootElement.EnumerateObject()) columns[property.Name] = Values(property.Value);
            return new BulkRow(Unit, number, columns) { JsonResume = IsJsonResume(json.RootElement) ? line.Trim() : null };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The exception's own message quotes the line. InvalidOperationException: a string with half a surrogate pair.
            var place = e is JsonException { BytePositionInLine: { } position } ? $" at byte {position + 1}" : "";
            return BulkRow.Bad(Unit, number, $"it is not valid JSON{place}");
        }
    }

    private static string[] Values(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => [value.GetRawText()],
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? [] : Values(item))],
        _ => [],
    };

    /// <summary>https://jsonresume.org/schema: everything hangs on <c>basics</c>.</summary>
    private static bool IsJsonResume(JsonElement row) =>
        row.TryGetProperty("basics", out var basics) && basics.ValueKind == JsonValueKind.Object;
}

/// <summary>Lines of UTF-8, without ever holding one that is too long.</summary>
internal static class BoundedLines
{
    /// <summary>Each line with its number from 1; null for a line of more than <paramref name="maxLength"/> UTF-16 units.</summary>
    public static async IAsyncEnumerable<(long Number, string? Line)> ReadAsync(
        Stream stream, long maxLength, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16, leaveOpen: true);
        var buffer = new char[1 << 16];
        var line = new StringBuilder();
        var (number, tooLong) = (1L, false);
        int read;
        while ((read = await reader.ReadAsync(buffer.AsMemory(), cancellation)) > 0)
        {
            for (var start = 0; start < read;)
            {
                var end = Array.IndexOf(buffer, '\n', start, read - start);
                var stop = end < 0 ? read : end;
                tooLong |= line.Length + (stop - start) > maxLength;
                if (!tooLong) line.Append(buffer, start, stop - start);
                start = stop + 1;
                if (end < 0) continue;
                yield return (number++, tooLong ? null : line.ToString());
                line.Clear();
                tooLong = false;
            }
        }

        if (tooLong || line.Length > 0) yield return (number, tooLong ? null : line.ToString());
    }
}
