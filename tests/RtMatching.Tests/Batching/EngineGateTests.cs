using RtMatching.Inference.Batching;

namespace RtMatching.Tests.Batching;

/// <summary>Who goes next on a model that many want.</summary>
public class EngineGateTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _order = [];

    [Fact]
    public async Task Interactive_goes_before_background_and_each_in_the_order_of_its_coming()
    {
        var gate = new EngineGate(_time);
        var held = gate.Enter(EnginePriority.Background);
        _time.Advance(TimeSpan.FromSeconds(1));
        var waiting = new List<Task>();
        foreach (var (name, priority) in new[]
        {
            ("bulk 1", EnginePriority.Background), ("person 1", EnginePriority.Interactive), ("bulk 2", EnginePriority.Background),
            ("person 2", EnginePriority.Interactive),
        })
            waiting.Add(await WaitingAsync(gate, name, priority));

        held.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(["person 1", "person 2", "bulk 1", "bulk 2"], _order);
    }

    [Fact]
    public async Task Background_gets_a_quarter_of_the_time_while_others_never_stop_coming()
    {
        var gate = new EngineGate(_time);
        var held = gate.Enter(EnginePriority.Background);
        var waiting = new List<Task> { await WaitingAsync(gate, "bulk", EnginePriority.Background) };
        for (var i = 0; i < 8; i++) waiting.Add(await WaitingAsync(gate, "person", EnginePriority.Interactive));
        _time.Advance(TimeSpan.FromSeconds(1));

        held.Dispose();
        await Task.WhenAll(waiting);

        // Each of them takes a second: three persons after the first bulk batch, then it is bulk's turn.
        Assert.Equal(["person", "person", "person", "bulk", "person", "person", "person", "person", "person"], _order);
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_line()
    {
        var gate = new EngineGate(_time);
        var held = gate.Enter(EnginePriority.Interactive);
        using var patience = new CancellationTokenSource();
        var given = Task.Run(() => gate.Enter(EnginePriority.Interactive, patience.Token));
        while (gate.Waiting == 0) await Task.Delay(1);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(0, gate.Waiting);
        held.Dispose();
        gate.Enter(EnginePriority.Background).Dispose();
    }

    /// <summary>A task that stands in line; it takes a second once it is let in.</summary>
    private async Task<Task> WaitingAsync(EngineGate gate, string name, EnginePriority priority)
    {
        var before = gate.Waiting;
        var task = Task.Factory.StartNew(() =>
        {
            using var turn = gate.Enter(priority);
            _order.Add(name);
            _time.Advance(TimeSpan.FromSeconds(1));
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (gate.Waiting == before) await Task.Delay(1);
        return task;
    }
}
