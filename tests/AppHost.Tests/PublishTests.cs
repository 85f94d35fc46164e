using System.Diagnostics;
using System.Text.Json;

namespace RtMatching.AppHost.Tests;

/// <summary>What the AppHost writes for others to deploy; no orchestrator, no container runtime is asked.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-publish-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_manifest_has_every_resource_and_no_secret()
    {
        await PublishAsync("publish-manifest", "--Silos:Gpu=1");
        var text = await File.ReadAllTextAsync(Path.Combine(_folder, "aspire-manifest.json"));
        AssertNoSecret(text);
        var resources = JsonDocument.Parse(text).RootElement.GetProperty("resources");
        Assert.Equal("docker.io/pgvector/pgvector:pg17", resources.GetProperty("postgres").GetProperty("image").GetString());
        foreach (var name in (string[])["api-key", "postgres-password"])
            Assert.True(resources.GetProperty(name).GetProperty("inputs").GetProperty("value").GetProperty("secret").GetBoolean());
        foreach (var name in (string[])["server", "cpu-silo", "gpu-silo"])
        {
            var environment = resources.GetProperty(name).GetProperty("env");
            Assert.Equal("{api-key.value}", environment.GetProperty("RTMATCH_API_KEY").GetString());
            Assert.Equal("{rtmatch.connectionString}", environment.GetProperty("ConnectionStrings__rtmatch").GetString());
            Assert.Equal("false", environment.GetProperty("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT").GetString());
            Assert.False(environment.TryGetProperty("RTMATCH_NAME", out _));        // no orchestrator fills its template in
        }
    }

    [Fact]
    public async Task The_compose_file_waits_for_health_keeps_replicas_and_asks_for_secrets()
    {
        await PublishAsync("publish-compose", "--Silos:Cpu=3");
        var compose = await File.ReadAllTextAsync(Path.Combine(_folder, "docker-compose.yaml"));
        var environment = await File.ReadAllTextAsync(Path.Combine(_folder, ".env"));
        AssertNoSecret(compose + environment);
        var silo = compose[compose.IndexOf("  cpu-silo:", StringComparison.Ordinal)..];
        Assert.Contains("""RTMATCH_API_KEY: "${API_KEY}" """.Trim(), silo, StringComparison.Ordinal);
        Assert.Contains("replicas: 3", silo, StringComparison.Ordinal);
        Assert.Contains("condition: \"service_healthy\"", silo, StringComparison.Ordinal);
        Assert.DoesNotContain("service_started", compose, StringComparison.Ordinal);
        Assert.Contains("pg_isready", compose, StringComparison.Ordinal);
        Assert.Contains("shm_size: \"1g\"", compose, StringComparison.Ordinal);
        Assert.Contains("API_KEY=\n", environment, StringComparison.Ordinal);
        Assert.Contains("POSTGRES_PASSWORD=\n", environment, StringComparison.Ordinal);
    }

    private static void AssertNoSecret(string published)
    {
        Assert.DoesNotContain(AppHostModel.ApiKey, published, StringComparison.Ordinal);
        Assert.DoesNotContain(AppHostModel.Password, published, StringComparison.Ordinal);
    }

    /// <summary>With both secrets at hand, as they are on a developer's machine.</summary>
    private async Task PublishAsync(string step, string setting)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "AppHost.dll"), "--operation", "publish", "--step", step, "--output-path", _folder, setting])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["Parameters__api-key"] = AppHostModel.ApiKey, ["Parameters__postgres-password"] = AppHostModel.Password },
        };
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(process.ExitCode == 0, string.Concat(output));
    }
}
