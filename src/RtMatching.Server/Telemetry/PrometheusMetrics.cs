using System.Diagnostics.Metrics;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using RtMatching.Core.Telemetry;

namespace RtMatching.Server.Telemetry;

/// <summary>Collects this server's metrics since it started, for whoever scrapes <c>/metrics</c>; whether OTLP is on or not.</summary>
internal sealed class PrometheusMetrics : IHostedService, IDisposable
{
    private const int CollectMilliseconds = 5000;

    private readonly TextExporter _exporter = new();
    private readonly MeterProvider _provider;
    private readonly Lock _scraping = new();

    /// <param name="meters">Meters that another host of the process made are that host's to tell.</param>
    public PrometheusMetrics(IMeterFactory meters, ServerOptions options) : this(OtlpExport.Meters, meters, options.Service)
    {
    }

    internal PrometheusMetrics(string[] names, IMeterFactory? meters, string service)
    {
        _provider = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(OtlpExport.Resource(service)).AddMeter(names)
            .AddView(instrument => instrument.Meter.Scope is IMeterFactory scope && scope != meters ? MetricStreamConfiguration.Drop : null)
            .AddReader(new BaseExportingMetricReader(_exporter)).Build();
    }

    /// <summary>In text format 0.0.4, UTF-8. Blocks while it reads: callers take a thread of their own.</summary>
    public byte[] Scrape()
    {
        // One at a time: the exporter keeps what was collected last.
        lock (_scraping)
            return _exporter.Collect!(CollectMilliseconds)
                ? Encoding.UTF8.GetBytes(_exporter.Text)
                : throw new InvalidOperationException($"Metrics could not be collected within {CollectMilliseconds} ms.");
    }

    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
    public void Dispose() => _provider.Dispose();

    [ExportModes(ExportModes.Pull)]
    private sealed class TextExporter : BaseExporter<Metric>, IPullMetricExporter
    {
        public string Text { get; private set; } = "";

        /// <summary>Set by the reader, which collects at nobody else's wish.</summary>
        public Func<int, bool>? Collect { get; set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var text = new PrometheusText();
            text.Add(ParentProvider.GetResource());
            foreach (var metric in batch) text.Add(metric);
            Text = text.ToString();
            return ExportResult.Success;
        }
    }
}
