using RtMatching.Core.Profiles;

namespace RtMatching.Core.Ingestion;

/// <summary>What to ingest, and as what.</summary>
public sealed record IngestionRequest
{
    /// <summary>Files, folders (read recursively) and bulk files (.jsonl, .ndjson, .csv, .tsv).</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
    public DocumentKind Kind { get; init; } = DocumentKind.Cv;
    public string Tenant { get; init; } = "default";

    /// <summary>The profile to embed with: its active version, or a first one made by <see cref="DefaultProfiles"/>.</summary>
    public string Profile { get; init; } = TaskProfile.DefaultName;

    /// <summary>The model of a profile that is not stored yet; null is the built-in model.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Columns of bulk files; what it leaves out is recognised by common names.</summary>
    public ColumnMapping Mapping { get; init; } = new();

    /// <summary>Put on every document besides its row's own tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Instead of the path. Only with exactly one file.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Instead of <c>files</c> and the bulk files' names.</summary>
    public string? Source { get; init; }
}

/// <summary>One file or row on its way into the queue.</summary>
/// <param name="Name">Unique within the ingestion: the path, or <c>source:id</c> of a row.</param>
/// <param name="Source">With the external id, names the document.</param>
/// <param name="Bytes">The original; null where rejected.</param>
public sealed record SourceItem(string Name, string Source, string ExternalId, byte[]? Bytes)
{
    public IReadOnlyList<string> Tags { get; init; } = [];
    public string? Location { get; init; }
    public string? Language { get; init; }
    public DateOnly? Date { get; init; }

    /// <summary>Why it is not taken; null where it is.</summary>
    public Rejection? Rejection { get; init; }

    internal static SourceItem Rejected(string name, string outcome, string detail) =>
        new(name, "", "", null) { Rejection = new Rejection(outcome, detail) };
}

/// <param name="Outcome">As the database writes outcomes: <c>too_large</c>, <c>corrupt</c>, <c>unreadable</c>, ...</param>
/// <param name="Detail">For a person; never a piece of the document.</param>
public sealed record Rejection(string Outcome, string Detail)
{
    internal static string TooLargeDetail(long length, int limit) =>
        $"{length:N0} bytes; at most {limit:N0} are taken. Raise the size limit or give a smaller file.";

    internal static string UnreadableDetail(Exception e) => e is UnauthorizedAccessException
        ? "No permission to read it: give this user the right to."
        : $"It cannot be read ({e.GetType().Name}): see whether it still exists and its disk is in order.";
}
