using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;

namespace RtMatching.Orleans.Silos;

/// <summary>Activations of our grains on this silo, by kind. Counted as they come and go: asking Orleans walks them all.</summary>
internal sealed class GrainCounts
{
    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Called by a grain as it is made, on whose lifecycle it counts.</summary>
    public void Follow(string kind, IGrainContext grain) => grain.ObservableLifecycle.Subscribe(
        nameof(GrainCounts), GrainLifecycleStage.Last, _ => Add(kind, 1), _ => Add(kind, -1));

    public Dictionary<string, int> Count() => _counts.Where(count => count.Value > 0).ToDictionary(count => count.Key, count => count.Value);

    private Task Add(string kind, int change)
    {
        _counts.AddOrUpdate(kind, change, (_, count) => count + change);
        return Task.CompletedTask;
    }
}
