using Microsoft.Extensions.Logging.Console;
using RtMatching.Core.Telemetry;

namespace RtMatching.Server.Telemetry;

/// <summary>What an operator sees of a server: logs on the console, everything over OTLP where that is asked for.</summary>
public static class TelemetrySetup
{
    /// <param name="service">Where <c>OTEL_SERVICE_NAME</c> gives no name.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, string service)
    {
        // What is known of a request when it begins, for samplers; RequestTrace tells the rest.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);   // a line for each request would hold its query, and that may hold names
        builder.Logging.AddConsole(console => console.FormatterName = OneLineFormatter.FormatterName)
            .AddConsoleFormatter<OneLineFormatter, ConsoleFormatterOptions>();
        var export = OtlpExport.Start(service, Console.Error.WriteLine);
        export.AddTo(builder.Logging);
        builder.Services.AddHostedService(_ => new ExportLifetime(export));
    }

    /// <summary>What <c>/metrics</c> tells.</summary>
    internal static void AddServerMetrics(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<PrometheusMetrics>().AddHostedService(provider => provider.GetRequiredService<PrometheusMetrics>());
        services.AddHostedService<QueueGauges>();
        services.AddHostedService<RecallWatch>();
    }

    /// <summary>What the container makes it disposes: the last spans are sent when the host ends, after everything that starts some.</summary>
    private sealed class ExportLifetime(OtlpExport export) : IHostedService, IDisposable
    {
        public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
        public void Dispose() => export.Dispose();
    }
}
