using RtMatching.Core.Storage;
using RtMatching.Server.Telemetry;

namespace RtMatching.Server;

/// <summary>Puts the server together: what it listens on, what it works with, what it answers.</summary>
public static class RtMatchingHost
{
    /// <param name="database">Stays the caller's.</param>
    /// <param name="urls">With semicolons between them; port 0 takes a free one.</param>
    /// <param name="services">What a host registers besides, or in place of what is registered here.</param>
    /// <param name="before">What a host sets up first: its services start before the server's and stop after them.</param>
    public static WebApplication Build(
        Database database, ServerOptions options, string urls, Action<IServiceCollection>? services = null, Action<WebApplicationBuilder>? before = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(urls.Split(';'));
        builder.AddTelemetry(options.Service);
        before?.Invoke(builder);
        builder.Services.AddRtMatching(database, options);
        services?.Invoke(builder.Services);
        var started = false;
        QuietLog(builder.Logging, () => started);
        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => started = true);
        app.UseRtMatching();
        app.MapRtMatching();
        return app;
    }

    /// <summary>What the log leaves out.</summary>
    private static void QuietLog(ILoggingBuilder log, Func<bool> started)
    {
        // The command line says where the server listens, or why it does not, in one line of its own.
        log.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        log.AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => started() && level >= LogLevel.Warning);
        log.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => started() && level >= LogLevel.Information);
    }
}
