using System.Collections.Concurrent;
using System.Diagnostics;
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
/// <param name="since">Stopwatch's timestamp from which it runs.</param>
/// <param name="isSuspect">Its only item has failed more than once, perhaps by killing its worker: nothing should be worked on beside it.</param>
internal sealed class Lease(WorkQueue queue, Guid token, ItemStage stage, IReadOnlyList<LeasedItem> items, long since, bool isSuspect)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, bool> _held = new(items.Select(item => KeyValuePair.Create(item.Id, true)));
    private long _since = since;

    public Guid Token { get; } = token;
    public ItemStage Stage { get; } = stage;
    public IReadOnlyList<LeasedItem> Items { get; } = items;
    public bool IsSuspect { get; } = isSuspect;

    /// <summary>Items that are neither ended nor known to be lost.</summary>
    public long[] Held => [.. _held.Keys];

    /// <summary>Since it was claimed or renewed.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(Volatile.Read(ref _since));

    public void Drop(IEnumerable<long> ids)
    {
        foreach (var id in ids) _held.TryRemove(id, out _);
    }

    /// <summary>It runs anew since then, for those of its items that are among <paramref name="held"/>; the others are lost.</summary>
    public void Renewed(long since, IReadOnlySet<long> held)
    {
        Volatile.Write(ref _since, since);
        Drop(Held.Where(id => !held.Contains(id)));
    }

    public ValueTask DisposeAsync() => queue.HandBackAsync(this);
}
