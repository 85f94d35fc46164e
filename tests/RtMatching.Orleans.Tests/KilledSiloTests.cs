using RtMatching.Orleans.Tests.Measurements;

namespace RtMatching.Orleans.Tests;

public class KilledSiloTests
{
    /// <summary>The command <c>trials 20</c> does so at twenty moments.</summary>
    [Fact]
    public async Task An_engine_silo_and_the_grains_silo_killed_in_mid_ingestion_lose_nothing_and_double_nothing()
    {
        var result = await KillTrial.RunAsync(seed: 1);

        Assert.Equal((0, 0), (result.Lost, result.Double));
        Assert.Contains("engine at", result.Killed, StringComparison.Ordinal);
        Assert.Contains("grain at", result.Killed, StringComparison.Ordinal);
    }
}
