using Microsoft.Extensions.Configuration;

namespace RtMatching.AppHost;

/// <summary>The one store of the system.</summary>
internal static class DatabaseSetup
{
    /// <summary>Silos read ConnectionStrings__rtmatch.</summary>
    private const string Name = "rtmatch";

    /// <summary>Parallel index builds need more shared memory than the 64 MB that containers get.</summary>
    private const string SharedMemory = "1g";

    /// <summary>PostgreSQL with pgvector in a container with a data volume or, where <c>ConnectionStrings:rtmatch</c> is given, that.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddRtMatchingDatabase(this IDistributedApplicationBuilder builder, int connections)
    {
        if (builder.Configuration.GetConnectionString(Name) is { Length: > 0 }) return builder.AddConnectionString(Name);
        return builder.AddPostgres("postgres", password: Password(builder))
            .WithImage("pgvector/pgvector", "pg17")
            .WithDataVolume("rtmatching-postgres")
            .WithArgs("-c", $"max_connections={connections}")
            .WithContainerRuntimeArgs($"--shm-size={SharedMemory}")
            .WithEnvironment("POSTGRES_DB", Name)       // Aspire makes the database only where it runs things itself
            .PublishAsDockerComposeService((_, service) =>
            {
                service.ShmSize = SharedMemory;
                Compose.CheckHealth(service, $"pg_isready --username=postgres --dbname={Name}");
            })
            .AddDatabase(Name);
    }

    /// <summary>Made up once and kept in this project's user secrets: the volume remembers it.</summary>
    private static IResourceBuilder<ParameterResource> Password(IDistributedApplicationBuilder builder) => builder.AddParameter(
        "postgres-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: true);
}
