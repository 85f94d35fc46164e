using System.Diagnostics;
using System.Threading.Channels;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Works on every open ingestion, of all tenants and profiles, until it is stopped: what a server does all day. Several processes on one
/// database share the work. A database that goes away is waited for.
/// </summary>
public sealed class IngestionLoop : IAsyncDisposable
{
    // However often it is woken: looking must not be all that the database does.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    private readonly Engines _engines;
    private readonly IngestionOptions _options;
    private readonly Action<IngestionTrouble> _tell;
    private readonly IngestionCourse _course;
    private readonly OpenIngestions _open;
    private readonly StageLoops _loops;
    private readonly Lazy<DocumentParser> _parser = new(() => new DocumentParser());
    private readonly WakeSignal _awake = new();
    private readonly Channel<OpenIngestion> _ended = Channel.CreateUnbounded<OpenIngestion>();

    /// <param name="engines">The caller's. Rankings and other ingestions use them too.</param>
    /// <param name="tell">Told of what goes wrong; the loop itself goes on.</param>
    public IngestionLoop(Database database, IngestionOptions options, Engines engines, Action<IngestionTrouble> tell)
    {
        (_options, _tell) = (options, tell);
        var retry = new DatabaseRetry(database, Timeout.InfiniteTimeSpan) { Waiting = e => tell(IngestionTrouble.Of(null, e, TimeSpan.Zero)) };
        _course = new IngestionCourse(database, retry, new IngestionStore(retry), options);
        _open = new OpenIngestions(retry);
        var queue = new WorkQueue(retry, options);
        var parse = new ParseStage(retry, queue, (bytes, token) => (Parse ?? _parser.Value.ParseAsync)(bytes, token), options);
        _loops = new StageLoops(queue, parse, new EmbedStages(database, retry, queue, options, engines), options)
        {
            Failed = (ingestion, e, pause) => tell(IngestionTrouble.Of(ingestion?.Id, e, pause)),
        };
        _loops.Parsing.RanDry = _loops.Embedding.RanDry = Wake;
        _engines = engines;
        _engines.Changed += EngineChanged;
    }

    /// <summary>Another parser than <see cref="DocumentParser"/>, for tests of what happens around it.</summary>
    internal Func<ReadOnlyMemory<byte>, CancellationToken, Task<ParsedDocument>>? Parse { get; init; }

    /// <summary>There may be new work: look at once instead of at the next poll.</summary>
    public void Wake() => _awake.Set();

    private void EngineChanged(Engine engine)
    {
        if (engine.Problem is not null) return;
        _loops.Embedding.Resume();
        Wake();
    }

    /// <summary>Runs until <paramref name="stop"/>: then nothing more is leased, and what is leased is finished.</summary>
    /// <param name="abort">What is leased is handed back at once.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort = default)
    {
        if (_options.Stages == 0) return;
        using var ended = new CancellationTokenSource();        // the keeper renews until the last batch is done
        using var keep = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, abort);
        var keeper = UntilStopped(() => _loops.KeepLeasesAsync(keep.Token));
        var working = new List<Task>
        {
            UntilStopped(() => LookAsync(stop)), UntilStopped(() => FollowUpAsync(stop)), UntilStopped(() => KeepHouseAsync(stop)),
        };
        working.AddRange(_loops.All(stop, abort).Select(UntilStopped));
        await Task.WhenAll(working);
        await ended.CancelAsync();
        await keeper;
    }

    private static async Task UntilStopped(Func<Task> loop)
    {
        await Task.Yield();
        try
        {
            await loop();
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Finds what there is to do, and ends what is done.</summary>
    private async Task LookAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var asked = Stopwatch.StartNew();
            try
            {
                await OfferAsync(await _open.FindAsync(cancellation), cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                _tell(IngestionTrouble.Of(null, e, _options.Poll));
            }

            await Task.Delay(asked.Elapsed > Breath ? asked.Elapsed : Breath, cancellation);
            await _awake.WaitAsync(asked.Elapsed * 20 > _options.Poll ? asked.Elapsed * 20 : _options.Poll, cancellation);
        }
    }

    private async Task OfferAsync(IReadOnlyList<OpenIngestion> open, CancellationToken cancellation)
    {
        var (parse, embed) = (_options.Stages.HasFlag(IngestionStages.Parse), _options.Stages.HasFlag(IngestionStages.Embed));
        if (parse) _loops.Parsing.Offer(open.Where(ingestion => ingestion.HasQueued));
        if (embed) _loops.Embedding.Offer(open.Where(ingestion => ingestion.HasParsed));
        foreach (var begun in open.Where(i => i.State == IngestionState.Pending && ((parse && i.HasQueued) || (embed && i.HasParsed))))
            await _course.BeginAsync(begun.Id, cancellation);
        foreach (var ingestion in open.Where(ingestion => ingestion.HasEnded))
            if (await _course.FinishAsync(ingestion.Id, cancellation)) _ended.Writer.TryWrite(ingestion);
    }

    /// <summary>What comes after an ingestion's end, which may take minutes: nobody else waits for it.</summary>
    private async Task FollowUpAsync(CancellationToken cancellation)
    {
        await BorneAsync(null, () => _course.BuildActiveAsync(cancellation), cancellation);
        await foreach (var ingestion in _ended.Reader.ReadAllAsync(cancellation))
            await BorneAsync(ingestion.Id, async () =>
            {
                if (await _course.FollowUpAsync(ingestion, cancellation)) Wake();
            }, cancellation);
    }

    private async Task KeepHouseAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await BorneAsync(null, () => _course.KeepHouseAsync(cancellation), cancellation);
            await Task.Delay(IngestionCourse.BetweenHousekeepings, cancellation);
        }
    }

    private async Task BorneAsync(long? ingestion, Func<Task> work, CancellationToken cancellation)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _tell(IngestionTrouble.Of(ingestion, e, TimeSpan.Zero));
        }
    }

    /// <summary>Ends the parsers; run nothing any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _engines.Changed -= EngineChanged;
        if (_parser.IsValueCreated) await _parser.Value.DisposeAsync();
    }
}
