using Orleans;
using Orleans.Concurrency;
using RtMatching.Core.Matching;
using Version = Orleans.CodeGeneration.VersionAttribute;

namespace RtMatching.Orleans.Contracts;

/// <summary>
/// One for each job or CV that is ranked for, at its <see cref="JobKey"/> as a string: embeds its text once, ranks, and keeps its ranking
/// fresh for whoever follows it.
/// </summary>
[Alias("rtmatch.IMatchingGrain"), Version(1)]
public interface IMatchingGrain : IGrainWithStringKey
{
    [Alias("Rank"), ResponseTimeout("00:02:00")]
    Task<RankReply> RankAsync(RankOrder order, CancellationToken cancellation);

    /// <summary>Ranks a leased job of a bulk ranking and stores its line while the token holds it.</summary>
    [Alias("RankTicket"), ResponseTimeout("00:02:00")]
    Task<TicketReply> RankTicketAsync(TicketOrder order, CancellationToken cancellation);

    /// <summary>The ranking as it is now, and again whenever it changes. Ends where another version of the profile becomes the active one.</summary>
    [Alias("Follow")]
    IAsyncEnumerable<RankReply> FollowAsync(RankOrder order, CancellationToken cancellation);
}

[GenerateSerializer, Immutable, Alias("rtmatch.RankOrder")]
public sealed record RankOrder
{
    /// <summary>RankingRequest, for the job that the grain's key names.</summary>
    [Id(0)]
    public Json Request { get; init; } = new();
}

[GenerateSerializer, Immutable, Alias("rtmatch.RankReply")]
public sealed record RankReply
{
    /// <summary>RankedDocument[], the best first.</summary>
    [Id(0)]
    public Json? Ranking { get; init; }

    [Id(1)]
    public Fault? Fault { get; init; }

    public IReadOnlyList<RankedDocument> Read() => Fault is { } fault
        ? throw fault.ToException()
        : Ranking?.Read<RankedDocument[]>() ?? throw new InvalidDataException("The answer holds neither a ranking nor a fault.");
}

/// <summary>A leased job of a bulk ranking: ids only.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.TicketOrder")]
public sealed record TicketOrder
{
    [Id(0)]
    public long BulkRankingId { get; init; }

    [Id(1)]
    public Guid Token { get; init; }

    [Id(2)]
    public long Position { get; init; }
}

[GenerateSerializer, Immutable, Alias("rtmatch.TicketReply")]
public sealed record TicketReply
{
    /// <summary>False: not now, for no fault of the job's.</summary>
    [Id(0)]
    public bool Ended { get; init; }
}

/// <summary>One for each bulk ranking, at its number: spreads its jobs over the grains of those jobs.</summary>
[Alias("rtmatch.IBulkRankingGrain"), Version(1)]
public interface IBulkRankingGrain : IGrainWithIntegerKey
{
    /// <summary>Runs from now on until it has ended, if it did not yet.</summary>
    [Alias("Start")]
    Task StartAsync(CancellationToken cancellation);
}

/// <summary>One for each ingestion, at its number: gives its items to the stations.</summary>
[Alias("rtmatch.IIngestionGrain"), Version(1)]
public interface IIngestionGrain : IGrainWithIntegerKey
{
    /// <summary>Runs from now on until it has ended, if it did not yet; where it runs already it looks for work at once.</summary>
    [Alias("Start")]
    Task StartAsync(CancellationToken cancellation);
}
