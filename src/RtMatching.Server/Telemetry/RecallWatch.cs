using System.Diagnostics;
using System.Diagnostics.Metrics;
using Npgsql;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Server.Telemetry;

/// <summary>Measures the index's recall now and then, while the metric is collected by anybody.</summary>
internal sealed class RecallWatch : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    private readonly RecallProbe _probe;
    private readonly ProfileStore _profiles;
    private readonly ILogger<RecallWatch> _log;
    private readonly string _profile;
    private readonly ObservableGauge<double> _gauge;
    private volatile IReadOnlyList<Measurement<double>> _last = [];

    public RecallWatch(Database database, ProfileStore profiles, ServerOptions options, IMeterFactory meters, ILogger<RecallWatch> log)
    {
        (_probe, _profiles, _log, _profile) = (new RecallProbe(database), profiles, log, options.Profile);
        _gauge = meters.Create(new MeterOptions(Signals.Name) { Version = Signals.Meter.Version }).CreateObservableGauge(
            "rtmatch.index.recall", () => _last, "1", "recall@10 of the vector index against an exact scan, for one stored job.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                if (_gauge.Enabled) await MeasureAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    internal async Task MeasureAsync(CancellationToken cancellation)
    {
        try
        {
            var profile = await _profiles.FindActiveAsync(_profile, cancellation);
            var recall = profile is null ? null : await _probe.MeasureAsync(profile, cancellation);
            _last = recall is { } value
                ? [new Measurement<double>(value, new TagList { { "rtmatch.profile.name", _profile }, { "rtmatch.profile.version", profile!.Version } })]
                : [];
        }
        catch (NpgsqlException exception)
        {
            _log.RecallNotMeasured(exception.GetType().Name);
        }
    }
}
