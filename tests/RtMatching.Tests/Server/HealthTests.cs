using System.Net;
using RtMatching.Tests.Server.Rankings;

namespace RtMatching.Tests.Server;

public class HealthTests
{
    [Fact]
    public async Task Ready_once_the_database_and_an_engine_are()
    {
        var (server, _, backend) = await WordsBackend.ServeAsync();
        await using var __ = server;
        Assert.Equal("ready", (await server.GetAsync("/health")).GetProperty("status").GetString());

        backend.Ready = false;
        var loading = await server.GetAsync("/health", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("not_ready", loading.GetProperty("status").GetString());
        Assert.True(loading.GetProperty("database").GetProperty("ready").GetBoolean());
        Assert.False(loading.GetProperty("engine").GetProperty("ready").GetBoolean());
        Assert.NotEmpty(loading.GetProperty("engine").GetProperty("detail").GetString()!);
        Assert.Equal("alive", (await server.GetAsync("/alive")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_database_that_a_newer_version_migrated_is_not_ready()
    {
        var (server, corpus, _) = await WordsBackend.ServeAsync();
        await using var __ = server;
        await corpus.ExecuteAsync("insert into schema_migrations (number, name, checksum) values (9999, '9999_future', '')");
        var health = await server.GetAsync("/health", HttpStatusCode.ServiceUnavailable);
        Assert.Contains("9999_future", health.GetProperty("database").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
