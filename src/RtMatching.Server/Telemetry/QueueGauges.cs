using System.Diagnostics.Metrics;
using RtMatching.Core.Operations;
using RtMatching.Core.Storage;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Server.Telemetry;

/// <summary>Depth and age of the queue, asked of the database when metrics are collected, and at most every few seconds.</summary>
internal sealed class QueueGauges : IHostedService
{
    private const string StageTag = "rtmatch.queue.stage";

    /// <summary>Two collectors, and a person who reloads a page, shall not cost a query each.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>A database that is busy or away must not hold up the other metrics; then these are missing from the answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Lock _reading = new();
    private QueueStatus? _queue;
    private long _readAt;

    public QueueGauges(Database database, IMeterFactory meters, TimeProvider? time = null)
    {
        (_database, _time) = (database, time ?? TimeProvider.System);
        var meter = meters.Create(new MeterOptions(Signals.Name) { Version = Signals.Meter.Version });
        meter.CreateObservableGauge("rtmatch.queue.depth", Depth, "{item}", "Items of open ingestions, by the stage they stand at and their state.");
        meter.CreateObservableGauge("rtmatch.queue.oldest.age", Age, "s", "How long the first item that waits has waited at its stage.");
        meter.CreateObservableGauge("rtmatch.queue.dead_letters", DeadLetters, "{item}", "Items given up that nobody has retried or deleted.");
    }

    private IEnumerable<Measurement<long>> Depth() => Read().Stages.SelectMany(stage => new (string State, long Items)[]
    {
        ("waiting", stage.Waiting), ("leased", stage.Leased), ("delayed", stage.Delayed), ("stalled", stage.Stalled),
    }.Select(state => new Measurement<long>(state.Items, Stage(stage), KeyValuePair.Create<string, object?>("rtmatch.queue.state", state.State))));

    private IEnumerable<Measurement<double>> Age() => Read().Stages.Select(stage => new Measurement<double>(stage.OldestSeconds ?? 0, Stage(stage)));

    private IEnumerable<Measurement<long>> DeadLetters() => Read() is { Stages.Count: > 0 } queue ? [new Measurement<long>(queue.DeadLetters)] : [];

    private static KeyValuePair<string, object?> Stage(StageStatus stage) => new(StageTag, stage.Stage.ToString().ToLowerInvariant());

    /// <summary>Collectors cannot wait asynchronously; the query runs on the pool, so that giving up on it is possible.</summary>
    private QueueStatus Read()
    {
        lock (_reading)
        {
            if (_queue is not null && _time.GetElapsedTime(_readAt) < Fresh) return _queue;
            _queue = Task.Run(ReadAsync).GetAwaiter().GetResult();
            _readAt = _time.GetTimestamp();
            return _queue;
        }
    }

    private async Task<QueueStatus> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        try
        {
            return await new StatusReader(_database).ReadQueueAsync(patience.Token);
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            return QueueStatus.Empty;
        }
    }

    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
}
