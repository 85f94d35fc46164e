using Orleans.Dashboard;
using Orleans.Hosting;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Orleans;
using RtMatching.Server;
using RtMatching.Server.Backend;
using RtMatching.Server.Security;
using RtMatching.Silo.Backend;
using RtMatching.Silo.Clustering;
using RtMatching.Silo.Shutdown;

namespace RtMatching.Silo;

/// <summary>Puts the silo together: the cluster first, so that it ends last, then the grains, then the server's endpoints over them.</summary>
internal static class SiloHost
{
    /// <param name="database">Stays the caller's.</param>
    /// <param name="connectionString">Of the same database, for Orleans's own few connections.</param>
    /// <param name="configure">What else this silo shall have.</param>
    public static WebApplication Build(Database database, string connectionString, SiloOptions options, Action<ISiloBuilder>? configure = null)
    {
        var app = RtMatchingHost.Build(database, options.Server, options.Urls, services => services.AddShutdown(options.Server.ShutdownTime), builder =>
        {
            QuietLog(builder.Logging);
            OrleansSection.Check(builder.Configuration);
            builder.UseOrleans(silo =>
            {
                silo.UseCluster(options, connectionString);
                silo.AddRtMatchingGrains(database, Work(options));
                silo.AddDashboard(dashboard => dashboard.HideTrace = true);     // logs are for those who run the machine
                configure?.Invoke(silo);
            });
            builder.Services.AddSingleton<IMatchingBackend, GrainBackend>();
        });
        app.MapOrleansDashboard("/dashboard").RequireApiKey();
        return app;
    }

    private static SiloWork Work(SiloOptions options)
    {
        var work = new SiloWork
        {
            Name = options.Name, Stages = options.Work, Ingestion = options.Server.Ingestion, ShutdownTime = options.Server.ShutdownTime, Engine = null,
        };
        return options.Engine is not { } engine
            ? work
            : work with { Engine = engine.Name, Load = engine.Load, Ingestion = engine.Pace(work.Ingestion), EmbedWindow = engine.EmbedWindow };
    }

    /// <summary>Orleans tells its life in hundreds of lines.</summary>
    private static void QuietLog(ILoggingBuilder log)
    {
        log.AddFilter("Orleans", LogLevel.Warning);
        log.AddFilter("Microsoft.Orleans", LogLevel.Warning);
        log.AddFilter("Polly", LogLevel.Warning);       // Orleans places grains through it, and it tells of each
    }
}
