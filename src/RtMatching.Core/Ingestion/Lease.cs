using System.Collections.Concurrent;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Ingestion;

/// <param name="Attempts">Of this stage, this one counted.</param>
internal sealed record LeasedItem(
    long Id, long IngestionId, string Tenant, DocumentKind Kind, byte[] ContentHash, int Attempts)
{
    /// <summary>W3C traceparent of its submission; null where that was not traced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Names the content as a dictionary key.</summary>
    public string Content { get; } = $"{Tenant}/{Convert.ToHexStringLower(ContentHash)}";
}

/// <summary>
/// Items claimed together, held by one token. Renewed in the background by the queue; whatever is still held when it is disposed is
/// handed back, and the attempt not counted.
/// </summary>
internal sealed class Lease(WorkQueue queue, Guid token, ItemStage stage, IReadOnlyList<LeasedItem> items) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, bool> _held = new(items.Select(item => KeyValuePair.Create(item.Id, true)));

    public Guid Token { get; } = token;
    public ItemStage Stage { get; } = stage;
    public IReadOnlyList<LeasedItem> Items { get; } = items;

    /// <summary>Items that are neither ended nor known to be lost.</summary>
    public long[] Held => [.. _held.Keys];

    public void Drop(IEnumerable<long> ids)
    {
        foreach (var id in ids) _held.TryRemove(id, out _);
    }

    public ValueTask DisposeAsync() => queue.HandBackAsync(this);
}
