using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>
/// Sends traces, metrics and logs over OTLP to where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or a signal's own variable) says, and does nothing
/// where neither is set. The other standard variables are the SDK's to read: service name, resource attributes, sampler, batch sizes.
/// </summary>
/// <remarks>A collector that does not answer costs dropped telemetry and <see cref="FarewellTime"/> at the end, nothing else.</remarks>
public sealed class OtlpExport : IDisposable
{
    /// <summary>How long a process that ends waits for its last spans to be taken.</summary>
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(3);

    private readonly ResourceBuilder? _resource;
    private readonly OtlpSignal? _logs;
    private readonly TracerProvider? _tracers;
    private readonly MeterProvider? _meters;
    private ILoggerFactory? _loggers;

    private OtlpExport(string service, OtlpSignal? traces, OtlpSignal? metrics, OtlpSignal? logs)
    {
        if (traces is null && metrics is null && logs is null) return;      // most commands: they shall not wait for the SDK to load
        _resource = Resource(service);
        _logs = logs;
        if (traces is not null)
            _tracers = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(_resource).AddSource(Sources)
                .AddProcessor(new SpanRedaction()).AddOtlpExporter(traces.Configure).Build();
        if (metrics is not null)
            _meters = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(_resource).AddMeter(Meters).AddOtlpExporter(metrics.Configure).Build();
    }

    /// <summary>Ours and those of what we stand on, all named after OpenTelemetry's conventions.</summary>
    public static string[] Meters { get; } =
    [
        Signals.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting",
        "System.Net.Http", "System.Runtime", "Npgsql", "Microsoft.Orleans",
    ];

    /// <summary>Of spans. Orleans's name grains by their keys, which hold ids and hashes, never texts.</summary>
    private static readonly string[] Sources =
    [
        Signals.Name, "Microsoft.AspNetCore", "System.Net.Http",
        "Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle",
    ];

    /// <summary>For programs without a host of their own: logs that go to the collector only.</summary>
    public ILoggerFactory Loggers => _loggers ??= _logs is null
        ? NullLoggerFactory.Instance
        : LoggerFactory.Create(logging => AddTo(logging.SetMinimumLevel(LogLevel.Information)));

    /// <param name="service">The service's name where <c>OTEL_SERVICE_NAME</c> gives none.</param>
    /// <param name="say">Told of a variable that cannot be honoured; its signal is not sent.</param>
    public static OtlpExport Start(string service, Action<string> say) => new(
        service, OtlpSignal.Find("TRACES", say), OtlpSignal.Find("METRICS", say), OtlpSignal.Find("LOGS", say));

    /// <summary>What is logged goes to the collector too.</summary>
    public void AddTo(ILoggingBuilder logging)
    {
        if (_logs is null) return;

        // ASP.NET Core tells paths and queries at this level; queries name documents.
        logging.AddFilter<OpenTelemetryLoggerProvider>("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter<OpenTelemetryLoggerProvider>("System.Net.Http", LogLevel.Warning);
        logging.AddOpenTelemetry(options =>
        {
            options.IncludeScopes = false;
            options.IncludeFormattedMessage = true;
            options.SetResourceBuilder(_resource!).AddProcessor(new LogRedaction()).AddOtlpExporter(_logs.Configure);
        });
    }

    /// <summary>What sends: named by <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c>, or by <paramref name="service"/>.</summary>
    public static ResourceBuilder Resource(string service) => ResourceBuilder.CreateEmpty().AddTelemetrySdk()
        .AddService(service, serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3)).AddEnvironmentVariableDetector();

    /// <summary>Sends what is left, all signals at once.</summary>
    public void Dispose()
    {
        var farewell = (int)FarewellTime.TotalMilliseconds;
        Parallel.Invoke(
            () => _tracers?.Shutdown(farewell),
            () => _meters?.Shutdown(farewell),
            () => _loggers?.Dispose());
        _tracers?.Dispose();
        _meters?.Dispose();
    }
}
