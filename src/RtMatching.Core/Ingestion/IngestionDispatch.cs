using System.Diagnostics;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Brings one ingestion to its end through the stations of a cluster: claims its items in chunks, gives them to stations in batches, and ends
/// it when nothing is open. Everything that counts stands in the database, so a dispatch may die at any moment, and two at once do no harm.
/// </summary>
/// <remarks>One run at a time.</remarks>
public sealed class IngestionDispatch
{
    // So that answers that come together are one step, and steps are not all that the database does.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(5);

    private readonly IngestionOptions _options;
    private readonly Action<IngestionTrouble> _tell;
    private readonly IngestionCourse _course;
    private readonly OpenIngestions _open;
    private readonly WorkQueue _queue;
    private readonly IStations _stations;
    private readonly WakeSignal _awake = new();
    private volatile bool _isToLook;
    private volatile DispatchState _state = DispatchState.Idle;

    /// <param name="options">Their poll is how often work is looked for that nobody told of.</param>
    /// <param name="tell">Told of what goes wrong, once for each station and reason; the dispatch goes on.</param>
    public IngestionDispatch(Database database, IngestionOptions options, IStations stations, Action<IngestionTrouble> tell)
    {
        (_options, _stations, _tell) = (options, stations, tell);
        var retry = new DatabaseRetry(database, Timeout.InfiniteTimeSpan) { Waiting = e => tell(IngestionTrouble.Of(null, e, TimeSpan.Zero)) };
        _course = new IngestionCourse(database, retry, new IngestionStore(retry), options);
        _open = new OpenIngestions(retry);
        _queue = new WorkQueue(retry, options);
    }

    /// <summary>A station without room is asked again after that.</summary>
    internal GrowingPause Busy { get; init; } = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));

    /// <summary>A station that fails, refuses, leaves or was lost is asked again after that.</summary>
    internal GrowingPause Failing { get; init; } = GrowingPause.OfFailures;

    public DispatchState State => _state;

    /// <summary>There may be new work, or another station: look at once instead of at the next poll.</summary>
    public void Wake()
    {
        _isToLook = true;
        _awake.Set();
    }

    /// <summary>
    /// Until the ingestion has ended. A database that goes away and stations that are gone are waited for. Once stopped it claims nothing
    /// more, hands back what no station has, and leaves the batches that stations have to them.
    /// </summary>
    public async Task<DispatchEnd> RunAsync(long ingestion, CancellationToken stop)
    {
        using var calls = new CancellationTokenSource();
        var (parse, embed) = (Stage(ItemStage.Queued), Stage(ItemStage.Parsed));
        var keeper = KeepLeasesAsync(calls.Token);
        try
        {
            return await DispatchAsync(ingestion, parse, embed, calls.Token, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return DispatchEnd.Stopped;
        }
        finally
        {
            await Task.WhenAll(parse.WaitForRefusalsAsync(), embed.WaitForRefusalsAsync());
            await calls.CancelAsync();
            await Task.WhenAll(parse.LeaveAsync(ingestion), embed.LeaveAsync(ingestion), keeper);
            _state = _state with { Stations = [], Held = 0 };
        }
    }

    private StageDispatch Stage(ItemStage stage) =>
        new(stage, _queue, _stations, new StationPauses(TimeProvider.System, Busy, Failing), _tell, _awake.Set);

    private async Task<DispatchEnd> DispatchAsync(
        long id, StageDispatch parse, StageDispatch embed, CancellationToken calls, CancellationToken stop)
    {
        while (true)
        {
            _isToLook = false;
            var asked = Stopwatch.StartNew();
            var ingestion = await _open.FindAsync(id, stop);
            if (await EndAsync(ingestion, stop) is { } end) return end;
            parse.MayHave |= ingestion!.HasQueued;
            embed.MayHave |= ingestion.HasParsed;

            // However large the ingestion and however often it is woken: looking must not be all that the database does.
            var breath = asked.Elapsed > Breath ? asked.Elapsed : Breath;
            var pause = asked.Elapsed * 20 > _options.Poll ? asked.Elapsed * 20 : _options.Poll;
            if (!await BorneAsync(id, Failing.First, () => StepUntilAsync(pause, ingestion, parse, embed, calls, stop), stop)) breath = Failing.First;
            await Task.Delay(breath, stop);
        }
    }

    /// <summary>How it has ended, or ends now that nothing is open; null where there is work to do or to wait for.</summary>
    private async Task<DispatchEnd?> EndAsync(OpenIngestion? ingestion, CancellationToken stop)
    {
        if (ingestion is null) return DispatchEnd.Deleted;
        if (ingestion.State == IngestionState.Cancelled) return DispatchEnd.Cancelled;
        if (ingestion.State is IngestionState.Done or IngestionState.Failed) return DispatchEnd.Ended;
        if (!ingestion.HasEnded || !await _course.FinishAsync(ingestion.Id, stop)) return null;
        await BorneAsync(ingestion.Id, TimeSpan.Zero, () => _course.FollowUpAsync(ingestion, stop), stop);
        return DispatchEnd.Ended;
    }

    /// <summary>Until it is time to look into the database again: nothing is left that is known of, somebody says so, or so long has passed.</summary>
    private async Task StepUntilAsync(
        TimeSpan pause, OpenIngestion ingestion, StageDispatch parse, StageDispatch embed, CancellationToken calls, CancellationToken stop)
    {
        var since = Stopwatch.StartNew();
        var hasBegun = ingestion.State != IngestionState.Pending;
        var isIdle = parse.IsIdle && embed.IsIdle;
        while (true)
        {
            embed.MayHave |= await parse.StepAsync(ingestion, calls, stop);
            await embed.StepAsync(ingestion, calls, stop);
            Publish(parse, embed);
            if (!hasBegun && (parse.Sent || embed.Sent)) await _course.BeginAsync(ingestion.Id, stop);
            hasBegun |= parse.Sent || embed.Sent;
            var left = pause - since.Elapsed;
            if (_isToLook || left <= TimeSpan.Zero || (!isIdle && parse.IsIdle && embed.IsIdle)) return;
            await Task.Delay(Breath, stop);
            await _awake.WaitAsync(Shortest(left, parse.Shortest, embed.Shortest), stop);
        }
    }

    private static TimeSpan Shortest(TimeSpan left, params ReadOnlySpan<TimeSpan?> others)
    {
        foreach (var other in others)
            if (other < left) left = other.Value;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    private void Publish(StageDispatch parse, StageDispatch embed) =>
        _state = new DispatchState([.. parse.Loads, .. embed.Loads], parse.Held + embed.Held, parse.Claims + embed.Claims);

    /// <summary>Of what is held here: stations keep the leases of what they have.</summary>
    private async Task KeepLeasesAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await BorneAsync(null, _options.Lease / 10, () => _queue.RenewAsync(cancellation), cancellation);
                await Task.Delay(_options.Lease / 10, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <returns>Whether it went well.</returns>
    private async Task<bool> BorneAsync(long? ingestion, TimeSpan pause, Func<Task> work, CancellationToken cancellation)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _tell(IngestionTrouble.Of(ingestion, e, pause));
            return false;
        }
    }
}
