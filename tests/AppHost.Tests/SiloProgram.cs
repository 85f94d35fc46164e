namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>What <see cref="SiloProcess"/> runs here: the silo itself.</summary>
internal static class SiloProgram
{
    public static string[] Line { get; } = [Path.Combine(AppContext.BaseDirectory, "rtmatch-silo.dll")];
}
