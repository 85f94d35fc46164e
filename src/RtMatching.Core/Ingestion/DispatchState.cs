namespace RtMatching.Core.Ingestion;

/// <summary>How a dispatch came to its end.</summary>
public enum DispatchEnd
{
    /// <summary>Nothing of the ingestion is open any more.</summary>
    Ended,

    /// <summary>Somebody cancelled the ingestion.</summary>
    Cancelled,

    /// <summary>The ingestion is not there any more.</summary>
    Deleted,

    /// <summary>The dispatch was stopped; another can go on.</summary>
    Stopped,
}

/// <summary>What a dispatch does now, for a person.</summary>
/// <param name="Held">Items claimed that no station has.</param>
/// <param name="Claims">Made since it began: each a statement that may lease hundreds of items.</param>
public sealed record DispatchState(IReadOnlyList<StationLoad> Stations, int Held, long Claims)
{
    public static DispatchState Idle { get; } = new([], 0, 0);
}

/// <param name="Batches">Of this ingestion, in flight there.</param>
/// <param name="Items">In those batches.</param>
public sealed record StationLoad(string Station, ItemStage Stage, int Batches, int Items);
