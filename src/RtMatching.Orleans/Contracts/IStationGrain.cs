using Orleans;
using Orleans.Concurrency;
using RtMatching.Core.Ingestion;
using Version = Orleans.CodeGeneration.VersionAttribute;

namespace RtMatching.Orleans.Contracts;

/// <summary>
/// A silo that works at a stage of the queue, addressed by its name. A call ends within about ten seconds: where the batch takes longer, its
/// answer is <see cref="BatchReplyKind.Running"/>, and it is asked for again.
/// </summary>
[Alias("rtmatch.IStationGrain")]
public interface IStationGrain : IGrainWithStringKey
{
    /// <summary>Begins the batch, or waits on with whoever sent it before: sent twice, it is worked on once.</summary>
    [Alias("Work")]
    Task<BatchReply> WorkAsync(BatchOrder order, CancellationToken cancellation);

    /// <param name="token">Of a batch that was begun here.</param>
    [Alias("Await")]
    Task<BatchReply> AwaitAsync(Guid token, CancellationToken cancellation);
}

/// <summary>Parses documents, on a silo that takes that stage.</summary>
[Alias("rtmatch.IParsingGrain"), Version(1)]
public interface IParsingGrain : IStationGrain;

/// <summary>Embeds, on a silo that has an engine.</summary>
[Alias("rtmatch.IEmbeddingGrain"), Version(1)]
public interface IEmbeddingGrain : IStationGrain
{
    /// <summary>As a profile version does; ahead of what ingestions wait for, or among it.</summary>
    [Alias("EmbedForProfile"), ResponseTimeout("00:02:00")]
    Task<VectorReply> EmbedForProfileAsync(ProfileTexts order, CancellationToken cancellation);

    /// <summary>With a model and options of the caller's own.</summary>
    [Alias("Embed"), ResponseTimeout("00:05:00")]
    Task<EmbeddingReply> EmbedAsync(ModelTexts order, CancellationToken cancellation);
}

/// <inheritdoc cref="ItemBatch"/>
[GenerateSerializer, Immutable, Alias("rtmatch.BatchOrder")]
public sealed record BatchOrder
{
    [Id(0)]
    public Guid Token { get; init; }

    [Id(1)]
    public long IngestionId { get; init; }

    [Id(2)]
    public long ProfileVersionId { get; init; }

    /// <summary>queued or parsed.</summary>
    [Id(3)]
    public string Stage { get; init; } = "";

    [Id(4)]
    public long[] Items { get; init; } = [];

    public static BatchOrder Of(ItemBatch batch) => new()
    {
        Token = batch.Token, IngestionId = batch.IngestionId, ProfileVersionId = batch.ProfileVersionId,
        Stage = batch.Stage.ToString().ToLowerInvariant(), Items = [.. batch.Items],
    };

    /// <exception cref="ArgumentException">Its stage is none that this version knows.</exception>
    public ItemBatch ToBatch() => new(Token, IngestionId, ProfileVersionId, Enum.Parse<ItemStage>(Stage, ignoreCase: true), Items);
}

[GenerateSerializer, Immutable, Alias("rtmatch.BatchReply")]
public sealed record BatchReply
{
    [Id(0)]
    public BatchReplyKind Kind { get; init; }

    /// <summary>For a person; never a piece of a document.</summary>
    [Id(1)]
    public string? Reason { get; init; }

    public static BatchReply Of(BatchAnswer answer) => new() { Kind = KindOf(answer.End), Reason = answer.Reason };

    /// <summary>Null where it is not known yet.</summary>
    public BatchAnswer? ToAnswer() => Kind switch
    {
        BatchReplyKind.Worked => new(BatchEnd.Worked, Reason),
        BatchReplyKind.Busy => new(BatchEnd.Busy, Reason),
        BatchReplyKind.Refused => new(BatchEnd.Refused, Reason),
        BatchReplyKind.Failed => new(BatchEnd.Failed, Reason),
        BatchReplyKind.Leaving => new(BatchEnd.Leaving, Reason),
        _ => null,
    };

    private static BatchReplyKind KindOf(BatchEnd end) => end switch
    {
        BatchEnd.Worked => BatchReplyKind.Worked,
        BatchEnd.Busy => BatchReplyKind.Busy,
        BatchEnd.Refused => BatchReplyKind.Refused,
        BatchEnd.Failed => BatchReplyKind.Failed,
        BatchEnd.Leaving => BatchReplyKind.Leaving,
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, null),
    };
}

/// <summary>The numbers travel: add, never renumber.</summary>
public enum BatchReplyKind
{
    /// <summary>Nobody here knows the token: the silo was restarted, or the batch ended so long ago that it is forgotten.</summary>
    Unknown = 0,
    Running = 1,
    Worked = 2,
    Busy = 3,
    Refused = 4,
    Failed = 5,
    Leaving = 6,
}
