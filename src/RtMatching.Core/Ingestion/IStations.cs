namespace RtMatching.Core.Ingestion;

/// <summary>The processes that work on items, here or elsewhere, as an ingestion's dispatch sees them.</summary>
public interface IStations
{
    /// <summary>Those that work at a stage now. From what is known here: cheap, and asked again and again, because they come and go.</summary>
    IReadOnlyList<Station> At(ItemStage stage);

    /// <summary>Has the batch worked on there; returns when that has ended, however long it takes.</summary>
    /// <param name="cancellation">Ends the waiting; the station works on, under the batch's lease.</param>
    /// <exception cref="StationLostException">Nobody knows what became of it: the station died or does not answer.</exception>
    Task<BatchAnswer> WorkAsync(Station station, ItemBatch batch, CancellationToken cancellation);
}

/// <summary>A process that works at a stage.</summary>
/// <param name="Window">Batches of one ingestion in flight there, at most: one that runs and one that is prepared meanwhile, say.</param>
/// <param name="BatchSize">Items in a batch.</param>
public sealed record Station(string Name, int Window, int BatchSize);

/// <param name="Reason">For a person, where the station could not do the work; never a piece of a document.</param>
public sealed record BatchAnswer(BatchEnd End, string? Reason = null)
{
    public static BatchAnswer Worked { get; } = new(BatchEnd.Worked);
    public static BatchAnswer Busy { get; } = new(BatchEnd.Busy);
}

public enum BatchEnd
{
    /// <summary>Every item was brought to its end, failed by itself, or was handed back.</summary>
    Worked,

    /// <summary>No room: not begun. Try again soon, or elsewhere.</summary>
    Busy,

    /// <summary>This station would do it wrongly or cannot do it (other weights, no such model, another text preparation): not begun.</summary>
    Refused,

    /// <summary>Its engine fails for any item; what was not ended is still held by the batch's token.</summary>
    Failed,

    /// <summary>The station stops or drains: not begun, or handed back.</summary>
    Leaving,
}

/// <summary>A station that went away with a batch: what it held may be released and given to another.</summary>
public sealed class StationLostException(string message, Exception? inner = null) : Exception(message, inner);
