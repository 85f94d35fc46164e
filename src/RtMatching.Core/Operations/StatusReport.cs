using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Operations;

/// <summary>
/// What an operator wants to know at a glance, at one moment. Holds no document's text, name or external id; an ingestion's source is
/// the text that its submitter chose.
/// </summary>
public sealed record StatusReport
{
    /// <summary>By the database's clock, as every other time here.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>What is wrong, the worst first; none where all is well.</summary>
    public IReadOnlyList<StatusProblem> Problems => [.. StatusProblems.Of(this).OrderByDescending(problem => problem.Level)];

    /// <summary>The open ones, then the newest of the ended ones.</summary>
    public IReadOnlyList<IngestionStatus> Ingestions { get; init; } = [];

    /// <summary>Bulk rankings: the open ones, then the newest of the ended ones.</summary>
    public IReadOnlyList<RankingStatus> Rankings { get; init; } = [];

    public QueueStatus Queue { get; init; } = QueueStatus.Empty;

    /// <summary>Of the last day.</summary>
    public FailureReport Failures { get; init; } = FailureReport.None;

    /// <summary>Processes and devices that embed; empty where no server was asked.</summary>
    public IReadOnlyList<EngineStatus> Engines { get; init; } = [];

    /// <summary>Processes of the cluster; empty where one process is all, or no server was asked.</summary>
    public IReadOnlyList<SiloStatus> Silos { get; init; } = [];

    /// <summary>Every profile version.</summary>
    public IReadOnlyList<ProfileStatus> Profiles { get; init; } = [];

    /// <summary>Null where it could not be read in time.</summary>
    public StoreStatus? Store { get; init; }

    /// <summary>Parts that could not be read in time, and why; the report says nothing about them.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];
}

/// <param name="PerSecond">Items brought to their end by work, over the last minute or since it began.</param>
/// <param name="RemainingSeconds">Estimated; null where nothing moves, or more may still be handed in.</param>
/// <param name="TookSeconds">From its creation to its end; null while it is open.</param>
public sealed record IngestionStatus(IngestionSummary Ingestion, double PerSecond, double? RemainingSeconds, double? TookSeconds)
{
    public bool IsOpen => Ingestion.State is IngestionState.Pending or IngestionState.Running;
}

/// <param name="Ended">Jobs with their line of the result.</param>
/// <param name="Open">Jobs still to be ranked; of a cancelled one, those that never will be.</param>
/// <param name="PerSecond">Jobs ended over the last minute, or since it began.</param>
public sealed record RankingStatus(
    long Id, string Profile, int ProfileVersion, BulkRankingState State, bool Submitted, long Ended, long Open, double PerSecond,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    public bool IsOpen => State is BulkRankingState.Pending or BulkRankingState.Running;
    public double? RemainingSeconds => IsOpen && Submitted && PerSecond > 0 ? Open / PerSecond : null;
    public double? TookSeconds => (FinishedAt - CreatedAt)?.TotalSeconds;
}

/// <param name="EndedLastMinute">Items of any ingestion that work brought to their end.</param>
/// <param name="DeadLetters">Items given up after too many attempts, of any age, that nobody has retried or deleted.</param>
public sealed record QueueStatus(IReadOnlyList<StageStatus> Stages, long EndedLastMinute, long DeadLetters)
{
    public static QueueStatus Empty { get; } = new([], 0, 0);

    public long Waiting => Stages.Sum(stage => stage.Waiting);
    public long Leased => Stages.Sum(stage => stage.Leased);
    public long Delayed => Stages.Sum(stage => stage.Delayed);
    public long Stalled => Stages.Sum(stage => stage.Stalled);
    public double? OldestSeconds => Stages.Max(stage => stage.OldestSeconds);
}

/// <summary>Items of open ingestions at one stage; each stands in one of the four counts.</summary>
/// <param name="Stage">Queued: to be parsed; parsed: to be embedded.</param>
/// <param name="Waiting">Could be worked on at once.</param>
/// <param name="Leased">Being worked on.</param>
/// <param name="Delayed">Failed before and wait for their next attempt.</param>
/// <param name="Stalled">Leased to a worker that has gone silent, and not taken back yet.</param>
/// <param name="OldestSeconds">How long the first of the waiting ones has waited at this stage; null where none waits.</param>
public sealed record StageStatus(ItemStage Stage, long Waiting, long Leased, long Delayed, long Stalled, double? OldestSeconds);

/// <param name="Items">Counted; where <paramref name="Sampled"/>, there were more, and these are the newest.</param>
public sealed record FailureReport(IReadOnlyList<FailureReason> Reasons, long Items, bool Sampled)
{
    public static FailureReport None { get; } = new([], 0, false);
}

/// <param name="Stage">Rejected or dead.</param>
/// <param name="Outcome">needs_ocr, empty, corrupt, ...; null where it is dead before it was parsed.</param>
/// <param name="Reason">As told to the submitter; N for a number in which several differ.</param>
/// <param name="Last">When it was met last.</param>
public sealed record FailureReason(ItemStage Stage, string? Outcome, string Reason, long Items, DateTimeOffset Last);

/// <param name="Count">Rows.</param>
/// <param name="Estimated">By PostgreSQL's statistics, because counting would take long.</param>
public sealed record RowCount(long Count, bool Estimated);

/// <param name="Vectors">One for each content.</param>
/// <param name="Documents">That could have one: current CVs and jobs of every tenant.</param>
/// <param name="Lacking">Current documents without a vector in this version; null where counting would take long.</param>
/// <param name="Bytes">Of its tables and indexes.</param>
public sealed record ProfileStatus(
    string Name, int Version, bool Active, string Model, int Iterations, int Dimension, RowCount Vectors, RowCount Documents, long? Lacking,
    long Bytes, IReadOnlyList<IndexStatus> Indexes)
{
    /// <summary>0 to 1; estimated where the counts are. Documents of the same content share a vector, so it is exact only at its ends.</summary>
    public double Full => Lacking is { } lacking && Documents.Count > 0 ? 1 - ((double)lacking / Documents.Count)
        : Documents.Count > 0 ? Math.Min(1, (double)Vectors.Count / Documents.Count) : 0;
}

public enum IndexState
{
    /// <summary>Not built: built after an ingestion once the rows are worth it; until then every search is exact.</summary>
    None,
    Building, Ready,

    /// <summary>A build broke off; searches do not use it.</summary>
    Invalid,
}

/// <param name="Kind">Whose vectors: each kind has an index of its own.</param>
/// <param name="Rows">Estimated; null where there is no index.</param>
/// <param name="Phase">Of the build, in PostgreSQL's words; null where none runs.</param>
/// <param name="Done">Of that phase, 0 to 1; null where PostgreSQL does not say.</param>
public sealed record IndexStatus(DocumentKind Kind, IndexState State, long? Rows, long? Bytes, string? Phase, double? Done);

/// <param name="Tables">The largest, with their indexes.</param>
/// <param name="Connections">In use on the whole server.</param>
public sealed record StoreStatus(
    string PostgreSql, string? PgVector, long Bytes, IReadOnlyList<TableStatus> Tables, int Connections, int MaxConnections);

/// <param name="Rows">Estimated by PostgreSQL's statistics.</param>
public sealed record TableStatus(string Name, long Rows, long Bytes);
