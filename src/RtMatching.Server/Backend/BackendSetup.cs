using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Server.Backend;

/// <summary>Registers the work of this process.</summary>
internal static class BackendSetup
{
    // Handing leases back takes a moment after the time for finishing is over.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    public static void AddInProcessBackend(this IServiceCollection services, ServerOptions options)
    {
        if (services.Any(service => service.ServiceType == typeof(IMatchingBackend))) return;      // the host's own
        services.AddSingleton(provider => new Engines(LanguageModel.Load, provider.GetRequiredService<ILogger<Engines>>())).AddSingleton<ProfileEmbedding>();
        services.AddSingleton(provider => new ProfileRankings(provider.GetRequiredService<Database>(), provider.GetRequiredService<ProfileEmbedding>().Interactive));
        services.AddSingleton<IngestionWork>().AddHostedService(provider => provider.GetRequiredService<IngestionWork>());
        services.AddSingleton<BulkRankingWork>().AddHostedService(provider => provider.GetRequiredService<BulkRankingWork>());
        services.AddSingleton<Readiness>().AddHostedService(provider => provider.GetRequiredService<Readiness>());
        services.AddSingleton<IMatchingBackend, InProcessBackend>();
        services.Configure<HostOptions>(host =>
        {
            host.ServicesStopConcurrently = true;       // the work stops leasing while requests in flight are still answered
            host.ShutdownTimeout = options.ShutdownTime + Farewell;
        });
    }
}
