using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary>One made-up ingestion, for <c>/openapi.json</c>.</summary>
internal static class IngestionExamples
{
    public static IReadOnlyDictionary<string, object> Id { get; } = new Dictionary<string, object> { ["id"] = 17 };

    public static IngestionSummary Summary { get; } = new(
        17, "default", DocumentKind.Cv, "files", TaskProfile.DefaultName, 1, false, IngestionState.Running, true,
        new DateTimeOffset(2026, 11, 21, 9, 30, 0, TimeSpan.Zero), null, new ItemCounts(120, 12, 66, 0, 2, 0, 0));

    public static IngestionReport Report { get; } = new(
        Summary, new Dictionary<string, long> { ["ok"] = 78, ["needs_ocr"] = 2 }, 8.5, 15.5);

    public static IngestionItem Item { get; } = new(
        4711, "cvs/ada.pdf", ItemStage.Rejected, "needs_ocr", "No page has text; run OCR over it and ingest the result.", 0, 42);
}
