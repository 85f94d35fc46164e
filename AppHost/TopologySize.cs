using Microsoft.Extensions.Configuration;

namespace RtMatching.AppHost;

/// <summary>
/// How many of what there are, as <c>appsettings.json</c>, the environment (<c>Silos__Gpu=1</c>) or the command line (<c>--Silos:Gpu=1</c>) says.
/// </summary>
/// <param name="ServerPort">Where the server answers on this machine; 0 takes a free one.</param>
internal sealed record TopologySize(int CpuSilos, int GpuSilos, int ServerPort)
{
    private const int MostSilos = 64;

    // A silo's pools hold 24 and 8 connections at most; ten are left for those who look.
    private const int ConnectionsOfASilo = 32;
    private const int OtherConnections = 10;

    /// <summary>That PostgreSQL has to take.</summary>
    public int Connections => ((CpuSilos + GpuSilos + 1) * ConnectionsOfASilo) + OtherConnections;

    /// <exception cref="DistributedApplicationException">A value that cannot be; the message names it.</exception>
    public static TopologySize Read(IConfiguration configuration) => new(
        Number(configuration, "Silos:Cpu", 2, MostSilos), Number(configuration, "Silos:Gpu", 0, MostSilos),
        Number(configuration, "Server:Port", 8080, ushort.MaxValue));

    private static int Number(IConfiguration configuration, string key, int usual, int most) => configuration[key] switch
    {
        null or "" => usual,
        var text when int.TryParse(text, out var number) && number >= 0 && number <= most => number,
        var text => throw new DistributedApplicationException($"{key}={text}: write a number from 0 to {most}"),
    };
}
