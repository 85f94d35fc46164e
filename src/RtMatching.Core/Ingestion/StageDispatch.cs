using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// One stage of one ingestion: claims items in chunks, holds them as batches, and keeps the stations that work at the stage supplied. Driven
/// step by step by one loop; the stations' answers come from anywhere.
/// </summary>
/// <param name="wake">Called when there is an answer to look at.</param>
internal sealed class StageDispatch(
    ItemStage stage, WorkQueue queue, IStations stations, StationPauses pauses, Action<IngestionTrouble> tell, Action wake)
{
    // Items of a chunk: a few MB of ids and hashes, and what a dispatch that dies keeps from others until its leases run out.
    private const int MostClaimed = 32_768;

    // A station that does not take a batch says so within that time: what a stopped dispatch waits for before it leaves a batch to its station.
    private static readonly TimeSpan SaysNo = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(5);

    private readonly List<Lease> _held = [];
    private readonly List<Flight> _flights = [];
    private readonly ConcurrentQueue<(Flight Flight, BatchAnswer? Answer)> _answers = [];

    /// <summary>Something may wait to be claimed; false once a claim found less than it asked for.</summary>
    public bool MayHave { get; set; }

    /// <summary>Nothing to do until somebody else brings new work.</summary>
    public bool IsIdle => !MayHave && _held.Count == 0 && _flights.Count == 0;

    /// <summary>A station has got a batch.</summary>
    public bool Sent { get; private set; }

    public int Held => _held.Sum(lease => lease.Held.Length);
    public long Claims { get; private set; }

    public IEnumerable<StationLoad> Loads => _flights.GroupBy(flight => flight.Station.Name)
        .Select(there => new StationLoad(there.Key, stage, there.Count(), there.Sum(flight => flight.Batch.Items.Count)));

    /// <summary>Takes the answers that have come, claims where there is room, and sends.</summary>
    /// <param name="calls">Ends the waiting for stations.</param>
    /// <returns>Whether a batch was worked on, so that the next stage may have something.</returns>
    public async Task<bool> StepAsync(OpenIngestion ingestion, CancellationToken calls, CancellationToken stop)
    {
        var hasWorked = await SettleAsync(ingestion.Id, stop);
        var present = stations.At(stage);
        pauses.Keep(present.Select(station => station.Name).ToHashSet());
        var counted = present.Where(station => !pauses.IsOut(station.Name)).ToList();
        await HandBackAsync(lease => !counted.Any(station => lease.Items.Count <= Size(station)));
        if (counted.Count == 0) return hasWorked;
        await ClaimAsync(ingestion.Id, counted, stop);
        Send(ingestion, [.. counted.Where(station => !pauses.IsPaused(station.Name))], calls);
        return hasWorked;
    }

    private static int Size(Station station) => Math.Max(1, station.BatchSize);

    private static int Window(Station station) => Math.Max(1, station.Window);

    private async Task HandBackAsync(Predicate<Lease> which)
    {
        var back = _held.FindAll(which);
        if (back.Count == 0) return;
        _held.RemoveAll(which);
        MayHave = true;
        await queue.HandBackAsync(back);
    }

    /// <summary>
    /// While a batch for each place at the stations is held nothing is claimed, and then as many again: one statement for a chunk, however
    /// small the batches are.
    /// </summary>
    private async Task ClaimAsync(long ingestion, IReadOnlyList<Station> counted, CancellationToken stop)
    {
        var places = counted.Sum(Window);
        if (!MayHave || _held.Count >= places) return;
        var sizes = Sizes(counted).Take(2 * places - _held.Count).ToList();
        var claimed = await queue.ClaimManyAsync(stage, ingestion, sizes, stop);
        Claims++;
        MayHave = claimed.Sum(lease => lease.Items.Count) == sizes.Sum();
        _held.AddRange(claimed);
    }

    /// <summary>A batch for each place, twice over: the first place of every station before the second of any.</summary>
    private static IEnumerable<int> Sizes(IReadOnlyList<Station> counted)
    {
        var items = 0;
        for (var twice = 0; twice < 2; twice++)
        for (var place = 0; place < counted.Max(Window); place++)
            foreach (var station in counted.Where(station => place < Window(station)))
            {
                if (items > 0 && items + Size(station) > MostClaimed) yield break;
                items += Size(station);
                yield return Size(station);
            }
    }

    /// <summary>
    /// A batch for each, then a second one, up to their windows. A suspect goes to a station that has nothing else of this ingestion, and
    /// nothing joins it there: should it kill its station, it is alone to blame.
    /// </summary>
    private void Send(OpenIngestion ingestion, IReadOnlyList<Station> ready, CancellationToken calls)
    {
        var flying = _flights.CountBy(flight => flight.Station.Name).ToDictionary();
        var alone = _flights.Where(flight => flight.Lease.IsSuspect).Select(flight => flight.Station.Name).ToHashSet();
        var byLoad = ready.Where(station => !alone.Contains(station.Name)).OrderBy(station => flying.GetValueOrDefault(station.Name)).ToList();
        var suspects = Math.Min(byLoad.Count, _held.Count(lease => lease.IsSuspect));
        foreach (var station in byLoad.Take(suspects).Where(station => !flying.ContainsKey(station.Name)))
            Launch(ingestion, station, _held.Find(lease => lease.IsSuspect)!, calls);
        for (var place = 0; place < ready.Select(Window).DefaultIfEmpty().Max(); place++)
            foreach (var station in byLoad.Skip(suspects).Where(station => place < Window(station)))
                if (place >= flying.GetValueOrDefault(station.Name) && LargestFor(station) is { } lease) Launch(ingestion, station, lease, calls);
    }

    private Lease? LargestFor(Station station) =>
        _held.Where(lease => !lease.IsSuspect && lease.Items.Count <= Size(station)).MaxBy(lease => lease.Items.Count);

    private void Launch(OpenIngestion ingestion, Station station, Lease lease, CancellationToken calls)
    {
        _held.Remove(lease);
        queue.Leave(lease);         // the station renews it now
        var batch = new ItemBatch(lease.Token, ingestion.Id, ingestion.ProfileVersionId, stage, [.. lease.Held.Order()]);
        var flight = new Flight(station, lease, batch);
        _flights.Add(flight);
        flight.Answered = FlyAsync(flight, calls);
        Sent = true;
    }

    private async Task FlyAsync(Flight flight, CancellationToken calls)
    {
        BatchAnswer? answer = null;
        try
        {
            answer = await stations.WorkAsync(flight.Station, flight.Batch, calls).WaitAsync(calls);
        }
        catch (OperationCanceledException) when (calls.IsCancellationRequested)
        {
            return;         // nobody waits for it any more; the station has it
        }
        catch (StationLostException)
        {
        }
        catch (Exception e)
        {
            tell(IngestionTrouble.Of(flight.Batch.IngestionId, e, TimeSpan.Zero));      // what became of the batch is as unknown
        }

        _answers.Enqueue((flight, answer));
        wake();
    }

    private async Task<bool> SettleAsync(long ingestion, CancellationToken cancellation)
    {
        var hasWorked = false;
        while (_answers.TryPeek(out var next))
        {
            var (flight, answer) = next;
            if (answer is null) await LoseAsync(flight, cancellation);
            else if (answer.End == BatchEnd.Worked) pauses.Works(flight.Station.Name);
            else await TakeBackAsync(ingestion, flight, answer);
            hasWorked |= answer?.End == BatchEnd.Worked;
            _flights.Remove(flight);
            _answers.TryDequeue(out _);         // not before: a step that is stopped in between leaves it to the farewell
        }

        return hasWorked;
    }

    private async Task LoseAsync(Flight flight, CancellationToken cancellation)
    {
        await queue.ReleaseAsync(flight.Lease, cancellation);
        MayHave = true;
        Out(flight, null, "The station was lost.");
    }

    private async Task TakeBackAsync(long ingestion, Flight flight, BatchAnswer answer)
    {
        if (answer.End == BatchEnd.Busy)
        {
            pauses.Busy(flight.Station.Name);
            _held.Add(queue.Keep(flight.Lease));
            return;
        }

        if (answer.End == BatchEnd.Leaving) Out(flight, null, "The station is leaving.");
        else Out(flight, ingestion, answer.Reason ?? answer.End.ToString());

        // It may have begun, and remember this batch as one that failed: what is left of it comes again under another token.
        MayHave = true;
        await queue.HandBackAsync(flight.Lease);
    }

    /// <param name="ingestion">Whose trouble it is; null where nothing is wrong.</param>
    private void Out(Flight flight, long? ingestion, string reason)
    {
        if (pauses.Out(flight.Station.Name, reason) is { } pause && ingestion is not null)
            tell(new IngestionTrouble(ingestion, $"Station {flight.Station.Name}: {reason}", pause));
    }

    /// <summary>Until the next pause of a station has passed; null where there is none.</summary>
    public TimeSpan? Shortest => pauses.Shortest;

    /// <summary>Waits for stations that have just been given a batch: they may not take it, and then it is to be handed back.</summary>
    public async Task WaitForRefusalsAsync()
    {
        var fresh = _flights.Where(flight => flight.Age < SaysNo).ToList();
        if (fresh.Count > 0)
            await Task.WhenAny(Task.WhenAll(fresh.Select(flight => flight.Answered)), Task.Delay(SaysNo));
    }

    /// <summary>Hands back what no station has, and leaves what they have to them. The waiting for stations must have been ended.</summary>
    public async Task LeaveAsync(long ingestion)
    {
        await Task.WhenAll(_flights.Select(flight => flight.Answered));
        using var farewell = new CancellationTokenSource(FarewellPatience);
        try
        {
            await SettleAsync(ingestion, farewell.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // The database is away: the leases run out.
        }

        await HandBackAsync(_ => true);
    }

    /// <summary>A batch at a station.</summary>
    private sealed record Flight(Station Station, Lease Lease, ItemBatch Batch)
    {
        private readonly long _started = Stopwatch.GetTimestamp();

        public Task Answered { get; set; } = Task.CompletedTask;
        public TimeSpan Age => Stopwatch.GetElapsedTime(_started);
    }
}
