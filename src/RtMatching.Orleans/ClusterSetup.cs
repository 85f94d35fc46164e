using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Versions.Compatibility;
using Orleans.Versions.Selector;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Embedding;
using RtMatching.Orleans.Grains;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans;

/// <summary>What a silo needs besides clustering, reminders and an address.</summary>
public static class ClusterSetup
{
    /// <summary>The grains' services, placement by what silos can do, and this silo's report to the others.</summary>
    /// <param name="database">Stays the caller's.</param>
    public static ISiloBuilder AddRtMatchingGrains(this ISiloBuilder silo, Database database, SiloWork work)
    {
        var services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(database);
        services.AddSingleton(work);
        silo.UseSiloMetadata(SiloAbilities.Metadata(work));
        services.AddPlacementFilter<SiloFilter, SiloFilterDirector>(ServiceLifetime.Transient);
        AddVersions(silo);
        AddSilos(services);
        AddEmbedding(services, work);
        AddWork(services);
        return silo;
    }

    /// <summary>
    /// A newer silo serves older callers, an older one does not serve newer ones: what a call names, whoever answers it knows. Old and new
    /// silos share the work while a cluster is renewed.
    /// </summary>
    private static void AddVersions(ISiloBuilder silo) => silo.Configure<GrainVersioningOptions>(versions =>
    {
        versions.DefaultCompatibilityStrategy = nameof(BackwardCompatible);
        versions.DefaultVersionSelectorStrategy = nameof(AllCompatibleVersions);
    });

    private static void AddSilos(IServiceCollection services)
    {
        services.AddSingleton<GrainCounts>().AddSingleton<Refusals>().AddSingleton<KnownSilos>();
        services.AddSingleton(provider => new ThisSilo(
            provider.GetRequiredService<SiloWork>(), provider.GetService<Engines>(), provider.GetRequiredService<SiloStation>(),
            provider.GetRequiredService<Refusals>(), provider.GetRequiredService<GrainCounts>(), provider.GetRequiredService<ILocalSiloDetails>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SiloReporting(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<ThisSilo>(), provider.GetRequiredService<KnownSilos>(),
            provider.GetRequiredService<ILogger<SiloReporting>>()));
        services.AddSingleton<SiloLife>();
        Participate<SiloReporting>(services);
        Participate<SiloLife>(services);
        services.AddSingleton(provider => new ClusterView(
            provider.GetRequiredService<KnownSilos>(), provider.GetRequiredService<IClusterMembershipService>()));
    }

    private static void AddEmbedding(IServiceCollection services, SiloWork work)
    {
        services.AddSingleton<ProfileVersions>().AddSingleton<EngineChoice>();
        services.AddSingleton(provider => new ClusterEmbedding(provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<EngineChoice>()));
        services.AddSingleton(provider => new LocalEmbedding(
            provider.GetService<Engines>(), provider.GetRequiredService<ProfileVersions>(), provider.GetRequiredService<Refusals>()));
        if (work.Engine is null) return;
        services.AddSingleton(provider => new Engines(work.Load, provider.GetRequiredService<ILogger<Engines>>()));
        services.AddSingleton<EngineWarmUp>();
        Participate<EngineWarmUp>(services);
    }

    private static void AddWork(IServiceCollection services)
    {
        services.AddSingleton(provider => new SiloStation(
            provider.GetRequiredService<Database>(), provider.GetRequiredService<SiloWork>(), provider.GetService<Engines>(),
            provider.GetRequiredService<Refusals>(), provider.GetRequiredService<ILogger<SiloStation>>()));
        services.AddSingleton(provider => new BatchesAtWork(
            provider.GetRequiredService<SiloStation>().WorkAsync, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ClusterStations>().AddSingleton<ClusterJobRankers>().AddSingleton<JobRankings>();
    }

    private static void Participate<T>(IServiceCollection services)
        where T : class, ILifecycleParticipant<ISiloLifecycle> =>
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<T>());
}
