using Aspire.Hosting.Orleans;

namespace RtMatching.AppHost;

/// <summary>
/// Orleans's ADO.NET provider on our database. Aspire's own configuration for a PostgreSQL resource names a provider "PostgresDatabase", which
/// Orleans does not know.
/// </summary>
internal sealed class OrleansOnPostgres(IResourceBuilder<IResourceWithConnectionString> database) : IProviderConfiguration
{
    /// <param name="configSectionPath">Clustering or Reminders.</param>
    public void ConfigureResource<T>(IResourceBuilder<T> resourceBuilder, string configSectionPath)
        where T : IResourceWithEnvironment
    {
        var section = $"Orleans__{configSectionPath.Replace(":", "__", StringComparison.Ordinal)}";
        resourceBuilder
            .WithEnvironment($"{section}__ProviderType", "AdoNet")
            .WithEnvironment($"{section}__Invariant", "Npgsql")
            .WithEnvironment($"{section}__ConnectionName", database.Resource.Name)
            .WithReference(database);
    }
}
