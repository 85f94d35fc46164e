namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>How long things take in a simulation, around the same means.</summary>
internal enum ServiceTimes
{
    /// <summary>Exponential, as the closed form supposes.</summary>
    Exponential,

    /// <summary>Log-normal with the variations of <see cref="ClusterParameters"/>: engines vary little, the database more.</summary>
    AsMeasured,
}

/// <param name="CvsPerSecond">After the start was over.</param>
/// <param name="Error">Half of the 95 % interval, from ten stretches of time.</param>
internal sealed record SimulatedCluster(double CvsPerSecond, double Error, double EngineUtilisation, double DatabaseUtilisation);

/// <summary>
/// The same cluster event by event, with what the closed form smooths away: chunks that are claimed ahead and run out, commits one after
/// the other, parsing and handing in that trail behind the embedded, timers of leases and membership. The same seed gives the same run.
/// </summary>
internal sealed class ClusterSimulation
{
    private const int ParsedTogether = 8;
    private const int Stretches = 10;
    private const double StudentsT = 2.262;         // 95 %, nine degrees of freedom

    private readonly ClusterParameters _parameters;
    private readonly ClusterLoad _load;
    private readonly ServiceTimes _times;
    private readonly Random _random;
    private readonly PriorityQueue<Action, (double Time, long Order)> _events = new();
    private readonly Line _database;
    private readonly Line _log;
    private readonly Line[] _engines;
    private readonly Ingestion[] _ingestions;
    private double _now;
    private long _order;
    private long _done;
    private double _parsed;

    private ClusterSimulation(ClusterLoad load, ServiceTimes times, int seed)
    {
        (_parameters, _load, _times, _random) = (load.Parameters, load, times, new Random(seed));
        _database = new Line(this, _parameters.DbCores);
        _log = new Line(this, 1);
        _engines = [.. Enumerable.Range(0, load.Silos).Select(_ => new Line(this, 1))];
        _ingestions = [.. Enumerable.Range(0, _parameters.Ingestions).Select(_ => new Ingestion(new Line(this, 1)))];
    }

    /// <param name="batches">How many to watch; as many again per silo's window are run before, so that the start is over.</param>
    public static SimulatedCluster Run(ClusterLoad load, ServiceTimes times, int batches, int seed = 1) =>
        new ClusterSimulation(load, times, seed).Run(batches);

    private SimulatedCluster Run(int batches)
    {
        foreach (var ingestion in _ingestions)
        {
            for (var silo = 0; silo < _load.Silos; silo++)
                for (var i = 0; i < _parameters.Window; i++) Begin(ingestion, silo);
        }

        StartTimers();
        Until(Math.Max(batches / 4, 10 * _load.Silos * _load.BatchesPerSilo));
        var (began, engines, database) = (_now, _engines.Sum(engine => engine.BusyMs), _database.BusyMs);
        var rates = new double[Stretches];
        for (var i = 0; i < Stretches; i++)
        {
            var (from, done) = (_now, _done);
            Until(_done + batches / Stretches);
            rates[i] = (_done - done) * _parameters.Batch / (_now - from) * 1000;
        }

        var (took, mean) = (_now - began, rates.Average());
        var deviation = Math.Sqrt(rates.Sum(rate => (rate - mean) * (rate - mean)) / (Stretches - 1));
        return new SimulatedCluster(mean, StudentsT * deviation / Math.Sqrt(Stretches),
            (_engines.Sum(engine => engine.BusyMs) - engines) / took / _load.Silos,
            (_database.BusyMs - database) / took / _parameters.DbCores);
    }

    private void Until(long done)
    {
        while (_done < done)
        {
            if (!_events.TryDequeue(out var happens, out var at))
                throw new InvalidOperationException("The simulated cluster stands still.");
            _now = at.Time;
            happens();
        }
    }

    /// <summary>The way of one batch, and then of the next in its place.</summary>
    private void Begin(Ingestion ingestion, int silo)
    {
        var (batch, parameters) = (_parameters.Batch, _parameters);
        InTurn(
        [
            then => ingestion.Grain.Do(Engine(parameters.DispatchMs), then),
            then => Take(ingestion, then),
            then => After(Stored(parameters.PathMs), then),
            then => _database.Do(Stored(batch * parameters.ReadMsPerCv), then),
            then => _engines[silo].Do(Engine(_load.Engine.DemandMs), then),
            then => _database.Do(Stored(batch * _load.StoreMsPerCv), then),
            then => _log.Do(Stored(batch * parameters.LogBytesEmbed / _load.BytesPerMs), then),
            then => After(Stored(parameters.FlushMs), then),
            _ => End(ingestion, silo),
        ]);
    }

    private static void InTurn(Action<Action>[] steps, int at = 0) => steps[at](() => InTurn(steps, at + 1));

    private void End(Ingestion ingestion, int silo)
    {
        _done++;
        Beside();
        Begin(ingestion, silo);
    }

    /// <summary>Takes a batch of claimed items; the claimer keeps a chunk ahead of what is taken.</summary>
    private void Take(Ingestion ingestion, Action then)
    {
        ingestion.Waiting.Enqueue(then);
        HandOut(ingestion);
    }

    private void HandOut(Ingestion ingestion)
    {
        while (ingestion.Waiting.Count > 0 && ingestion.Claimed >= _parameters.Batch)
        {
            ingestion.Claimed -= _parameters.Batch;
            ingestion.Waiting.Dequeue()();
        }

        if (ingestion.Claims || ingestion.Claimed >= Math.Max(_load.Chunk, _parameters.Batch)) return;
        ingestion.Claims = true;
        _database.Do(Stored(_load.ClaimMs), () => After(Stored(_parameters.FlushMs), () =>
        {
            (ingestion.Claims, ingestion.Claimed) = (false, ingestion.Claimed + _load.Chunk);
            HandOut(ingestion);
        }));
    }

    /// <summary>For every batch that was embedded another is handed in and parsed, at moments of its own.</summary>
    private void Beside()
    {
        var share = _parameters.Batch * _parameters.Overlap;
        if (share == 0) return;
        Soon(() => Write(share * _parameters.SubmitMsPerCv, share * _parameters.LogBytesBefore / 2));
        for (var left = share; left > 0; left -= ParsedTogether)
        {
            var together = Math.Min(ParsedTogether, left);
            Soon(() => Write(together * _parameters.ParseMsPerCv, together * _parameters.LogBytesBefore / 2));
        }

        for (_parsed += share; _parsed >= _load.Chunk; _parsed -= _load.Chunk) Soon(() => _database.Do(Stored(_load.ClaimMs), () => { }));
    }

    private void Write(double ms, double bytes) => _database.Do(Stored(ms), () => _log.Do(Stored(bytes / _load.BytesPerMs), () => { }));

    private void Soon(Action happens) => After(Exponential(10 * _load.Engine.DemandMs), happens);

    private void StartTimers()
    {
        var renewed = _load.Leased / _load.Silos * _parameters.RenewMsPerItem;
        for (var i = 0; i < _load.Silos; i++)
        {
            Every(_parameters.RenewSeconds, renewed);
            Every(_parameters.AliveSeconds, _parameters.MembershipMsPerRow);
            Every(_parameters.RefreshSeconds, _load.Silos * _parameters.MembershipMsPerRow);
        }

        foreach (var _ in _ingestions) Every(Math.Max(_parameters.LookSeconds, _parameters.LookMs * 20 / 1000), _parameters.LookMs);
    }

    private void Every(double seconds, double databaseMs)
    {
        After(_random.NextDouble() * seconds * 1000, Tick);

        void Tick()
        {
            _database.Do(Stored(databaseMs), () => { });
            After(seconds * 1000, Tick);
        }
    }

    private void After(double ms, Action happens) => _events.Enqueue(happens, (_now + ms, _order++));

    private double Engine(double mean) => Draw(mean, _parameters.EngineVariation);

    private double Stored(double mean) => Draw(mean, _parameters.DbVariation);

    private double Draw(double mean, double variation) =>
        _times == ServiceTimes.Exponential ? Exponential(mean) : LogNormal(mean, variation);

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private double LogNormal(double mean, double variation)
    {
        var variance = Math.Log(1 + variation * variation);
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return mean * Math.Exp(Math.Sqrt(variance) * normal - variance / 2);
    }

    private sealed class Ingestion(Line grain)
    {
        public Line Grain { get; } = grain;
        public Queue<Action> Waiting { get; } = new();
        public double Claimed { get; set; }
        public bool Claims { get; set; }
    }

    /// <summary>First come, first served by so many servers.</summary>
    private sealed class Line(ClusterSimulation cluster, int servers)
    {
        private readonly Queue<(double Ms, Action Then)> _waiting = new();
        private int _busy;

        /// <summary>Of all servers together, counted when work begins.</summary>
        public double BusyMs { get; private set; }

        public void Do(double ms, Action then)
        {
            if (_busy == servers) _waiting.Enqueue((ms, then));
            else Start(ms, then);
        }

        private void Start(double ms, Action then)
        {
            _busy++;
            BusyMs += ms;
            cluster.After(ms, () =>
            {
                _busy--;
                if (_waiting.TryDequeue(out var next)) Start(next.Ms, next.Then);
                then();
            });
        }
    }
}
