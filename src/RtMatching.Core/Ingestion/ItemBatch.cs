namespace RtMatching.Core.Ingestion;

/// <summary>Items leased together, as they travel between processes: ids only, never a text.</summary>
/// <param name="Token">Of their lease; whoever has it may end them while it holds.</param>
/// <param name="Stage">Queued: to be parsed; parsed: to be embedded.</param>
public sealed record ItemBatch(Guid Token, long IngestionId, long ProfileVersionId, ItemStage Stage, IReadOnlyList<long> Items);
