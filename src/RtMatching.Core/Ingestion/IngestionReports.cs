using RtMatching.Core.Profiles;

namespace RtMatching.Core.Ingestion;

/// <summary>Of an ingestion, changed by compare-and-set only.</summary>
public enum IngestionState { Pending, Running, Done, Cancelled, Failed }

/// <summary>Of an item: queued -> parsed -> embedded, or one of the ways it can end otherwise.</summary>
public enum ItemStage
{
    Queued, Parsed, Embedded,

    /// <summary>The stored document has this very content and a vector: nothing to do.</summary>
    Unchanged,

    /// <summary>Not usable; the outcome says why (needs_ocr, empty, corrupt, too_large, ...).</summary>
    Rejected,

    /// <summary>Gave up after too many attempts.</summary>
    Dead, Cancelled,
}

/// <summary>How many items of an ingestion stand in each stage; derived from the items, never kept beside them.</summary>
public sealed record ItemCounts(long Queued, long Parsed, long Embedded, long Unchanged, long Rejected, long Dead, long Cancelled)
{
    public static ItemCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    public long Total => Queued + Parsed + Embedded + Unchanged + Rejected + Dead + Cancelled;

    /// <summary>Still to be worked on.</summary>
    public long Open => Queued + Parsed;

    /// <summary>What exit code 3 is about.</summary>
    public long Unusable => Rejected + Dead;
}

public sealed record IngestionSummary(
    long Id, string Tenant, DocumentKind Kind, string Source, string Profile, int ProfileVersion, bool Reembed,
    IngestionState State, bool Submitted, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, ItemCounts Counts);

/// <param name="Outcomes">Items by outcome: ok, needs_ocr, empty, ...; items not parsed yet have none.</param>
/// <param name="Items">In order of submission.</param>
public sealed record IngestionDetail(
    IngestionSummary Summary, IReadOnlyDictionary<string, long> Outcomes, IReadOnlyList<IngestionItem> Items);

/// <summary>How an ingestion stands and how fast it goes, from its rows alone: any process can tell.</summary>
/// <param name="Outcomes">Items by outcome: ok, needs_ocr, empty, ...; items not parsed yet have none.</param>
/// <param name="PerSecond">Items brought to their end, over the last minute.</param>
/// <param name="RemainingSeconds">Estimated; null where nothing was finished lately or nothing is left.</param>
public sealed record IngestionReport(
    IngestionSummary Summary, IReadOnlyDictionary<string, long> Outcomes, double PerSecond, double? RemainingSeconds);

/// <param name="Name">The path, or <c>source:id</c> of a row.</param>
public sealed record IngestionItem(
    long Id, string Name, ItemStage Stage, string? Outcome, string? Detail, int Attempts, long? DocumentId);

/// <param name="PerSecond">Items brought to their end in this run.</param>
/// <param name="Remaining">Estimated; null while nothing is finished.</param>
public sealed record IngestionProgress(ItemCounts Counts, double PerSecond, TimeSpan? Remaining);

/// <param name="Items">Files and rows handed in so far.</param>
public sealed record SubmissionProgress(long Items);
