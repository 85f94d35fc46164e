using System.Collections.Concurrent;
using RtMatching.Inference.Batching;

namespace RtMatching.Tests.Batching;

/// <summary>A device that is gone: nobody's text is blamed, and it is tried until it is back.</summary>
public class EngineFailureTests
{
    private const string Secret = "secret";

    private static readonly EngineSettings Quick = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(20), LongestPause = TimeSpan.FromMilliseconds(40),
    };

    private volatile bool _isGone;

    [Fact]
    public async Task Everybody_who_waits_and_everybody_who_comes_is_told_without_a_word_of_any_text()
    {
        await using var bench = Bench(new EngineSettings { BackgroundTexts = 3, FirstPause = TimeSpan.FromHours(1) });
        var held = await bench.HoldAsync();
        var waiting = new List<Task>
        {
            await bench.StandAsync(Secret), await bench.StandAsync(Secret), await bench.StandAsync(Secret, EnginePriority.Interactive),
            bench.EmbedAsync("outside"),
        };
        _isGone = true;
        bench.Release();
        waiting.Add(held);

        foreach (var sent in waiting)
        {
            var error = await Assert.ThrowsAsync<EngineFailedException>(() => sent);
            Assert.Contains("device is gone", error.Message);
            Assert.DoesNotContain(Secret, error.ToString());
        }

        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("late"));
        Assert.Throws<EngineFailedException>(bench.Engine.ThrowIfFailed);
        Assert.Contains("scripted embeds nothing", bench.Engine.Problem);
    }

    [Fact]
    public async Task It_works_again_by_itself()
    {
        await using var bench = Bench(Quick);
        var told = new ConcurrentQueue<string?>();
        bench.Engine.Changed += engine => told.Enqueue(engine.Problem);
        _isGone = true;
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("text"));
        await EngineBench.UntilAsync(() => bench.Batches.Count(batch => batch is ["ready"]) >= 3);
        Assert.NotNull(bench.Engine.Problem);

        _isGone = false;
        await EngineBench.UntilAsync(() => bench.Engine.Problem is null && told.Count == 2);
        Assert.Equal(8, (await bench.EmbedAsync("text")).Length);
        Assert.Equal([false, true], told.Select(problem => problem is null));
    }

    [Fact]
    public async Task It_is_tried_with_growing_pauses_that_grow_on_where_it_fails_again_at_once()
    {
        var time = new HastyTime();
        await using var bench = Bench(new EngineSettings(), time);
        _isGone = true;
        time.Pausing = () => _isGone = time.Pauses.Count < 7;
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("text"));
        await EngineBench.UntilAsync(() => bench.Engine.Problem is null);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], time.Pauses.Select(pause => pause.TotalSeconds));

        _isGone = true;
        time.Pausing = () => _isGone = false;
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("text"));
        await EngineBench.UntilAsync(() => bench.Engine.Problem is null);
        Assert.Equal(30, time.Pauses.Last().TotalSeconds);
    }

    [Fact]
    public async Task One_that_failed_is_disposed_without_waiting_for_it()
    {
        var bench = Bench(new EngineSettings { FirstPause = TimeSpan.FromHours(1) });
        _isGone = true;
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("text"));
        await bench.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    private EngineBench Bench(EngineSettings settings, TimeProvider? time = null) => new(settings, time)
    {
        Running = texts => { if (_isGone) throw new IOException(texts is ["ready"] ? "The device is gone." : string.Join(' ', texts)); },
    };

    /// <summary>Whose pauses are over at once.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = [];
        public Action? Pausing { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            Pausing?.Invoke();
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
