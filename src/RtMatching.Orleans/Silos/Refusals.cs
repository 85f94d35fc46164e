using System.Collections.Concurrent;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Silos;

/// <summary>Profile versions that this silo refuses to work for, with the reason; forgotten when it works for them after all.</summary>
public sealed class Refusals
{
    private readonly ConcurrentDictionary<long, string> _reasons = new();

    public RefusalReport[] All =>
        [.. _reasons.OrderBy(refused => refused.Key).Select(refused => new RefusalReport { ProfileVersionId = refused.Key, Reason = refused.Value })];

    /// <param name="profileVersionId">0 where it is refused for all of them, as parsing is without the programs it needs.</param>
    /// <param name="reason">Null where it is not refused.</param>
    public void Note(long profileVersionId, string? reason)
    {
        if (reason is null) _reasons.TryRemove(profileVersionId, out _);
        else _reasons[profileVersionId] = reason;
    }
}
