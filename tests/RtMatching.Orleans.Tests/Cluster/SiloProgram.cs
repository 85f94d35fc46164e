namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>What <see cref="SiloProcess"/> runs here: a silo with an engine that waits, which this assembly is too.</summary>
internal static class SiloProgram
{
    public static string[] Line { get; } = [Path.Combine(AppContext.BaseDirectory, "RtMatching.Orleans.Tests.dll"), "silo"];
}
