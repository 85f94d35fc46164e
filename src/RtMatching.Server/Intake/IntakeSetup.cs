using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Intake;

/// <summary>What handing in needs.</summary>
internal static class IntakeSetup
{
    public static void AddIntake(this IServiceCollection services, Database database, ServerOptions options)
    {
        services.AddSingleton(provider => new IngestionIntake(
            database, options.Ingestion, provider.GetService<Engines>() is { } engines ? path => engines.Get(path).Model : null));
        services.AddSingleton(_ => new IngestionRecords(database, options.Ingestion));
        services.AddSingleton<Submissions>();
    }
}
