using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents.Readers;

/// <summary>JSON Resume (https://jsonresume.org/schema) and its job schema, laid out as a person would write the page.</summary>
internal sealed partial class JsonResumeReader : IDocumentReader
{
    /// <summary>The schema needs five levels.</summary>
    private const int MaxDepth = 64;

    private static readonly string[] ResumeParts =
        ["work", "education", "skills", "volunteer", "awards", "certificates", "publications", "languages", "interests", "references", "projects"];

    private static readonly string[] JobParts = ["responsibilities", "qualifications", "description"];

    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        using var document = Parse(TextDecoding.Decode(bytes.Span));
        try
        {
            var page = new JsonResumePage();
            return IsJob(document.RootElement) ? page.OfJob(document.RootElement) : page.OfResume(document.RootElement);
        }
        catch (InvalidOperationException broken)
        {
            throw UnusableDocumentException.Corrupt("the JSON has an invalid \\u escape in a text; correct it", broken);
        }
    }

    /// <summary>A brace or bracket alone also opens many a plain text.</summary>
    public static bool LooksLikeJson(string text) => JsonStart().IsMatch(text);

    /// <exception cref="UnusableDocumentException">Not valid JSON, or nested too deeply.</exception>
    public static bool IsResume(string text)
    {
        using var document = Parse(text);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) return false;
        if (root.TryGetProperty("basics", out var basics) && basics.ValueKind == JsonValueKind.Object) return true;
        return IsJob(root) || ResumeParts.Count(part => root.TryGetProperty(part, out var value) && value.ValueKind == JsonValueKind.Array) >= 2;
    }

    private static bool IsJob(JsonElement root) =>
        root.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String && !root.TryGetProperty("basics", out _)
        && JobParts.Any(part => root.TryGetProperty(part, out _));

    private static JsonDocument Parse(string text)
    {
        var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
        try
        {
            return JsonDocument.Parse(text, options);
        }
        catch (JsonException broken)
        {
            throw UnusableDocumentException.Corrupt(
                $"the JSON is not valid, or nested more than {MaxDepth} levels deep (line {broken.LineNumber + 1}); correct it", broken);
        }
    }

    [GeneratedRegex(@"\A\s*(?:\{\s*(?:""|\}\s*\z)|\[\s*(?:[\{""\[]|\]\s*\z|-?\d+\s*,))", RegexOptions.CultureInvariant)]
    private static partial Regex JsonStart();
}
