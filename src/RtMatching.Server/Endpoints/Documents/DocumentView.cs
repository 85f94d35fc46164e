using System.Text.Json;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary>A stored document, and what parsing made of it.</summary>
/// <param name="Text">Null where it is not parsed yet.</param>
internal sealed record DocumentView(StoredDocument Document, DocumentView.Parsed? Text)
{
    /// <summary>About the text; the text itself is asked for by itself.</summary>
    /// <param name="Characters">UTF-16 units of the text.</param>
    /// <param name="Bytes">Of the original.</param>
    /// <param name="Sections">[{kind, start, length}], offsets in UTF-16 units of the text.</param>
    internal sealed record Parsed(
        string Outcome, string Format, string? Detail, string? Language, int Characters, int Bytes, JsonElement Sections);

    public static StoredDocument ExampleDocument { get; } = new(
        42, "files", "cvs/ada.pdf", DocumentKind.Cv, 1, 1, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ["berlin"], "Berlin", "en",
        new DateOnly(2026, 10, 1), new DateTimeOffset(2026, 11, 21, 9, 30, 0, TimeSpan.Zero), new DateTimeOffset(2026, 11, 21, 9, 30, 4, TimeSpan.Zero));

    public static DocumentView Example { get; } = new(ExampleDocument, new Parsed(
        "ok", "pdf", null, "en", 5120, 81_920, JsonSerializer.SerializeToElement((object[])[new { kind = "experience", start = 0, length = 5120 }])));

    public static IReadOnlyDictionary<string, object> ExampleId { get; } = new Dictionary<string, object> { ["id"] = 42 };

    /// <exception cref="ProblemException">404: the tenant has none of this number.</exception>
    public static async Task<DocumentView> FindAsync(DocumentStore documents, long id, string tenant, CancellationToken cancellation)
    {
        var document = await documents.FindAsync(id, tenant, cancellation) ?? throw Missing(id);
        return new DocumentView(document, await documents.TextAsync(id, tenant, cancellation) is { } text ? Describe(text) : null);
    }

    public static ProblemException Missing(long id) => ProblemException.NotFound($"There is no document {id}: GET /v1/documents lists those there are.");

    private static Parsed Describe(StoredText text)
    {
        using var sections = JsonDocument.Parse(text.Sections);
        return new Parsed(text.Outcome, text.Format, text.Detail, text.Language, text.Body.Length, text.ByteLength, sections.RootElement.Clone());
    }
}
