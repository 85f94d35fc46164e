using Microsoft.Extensions.Configuration;

namespace RtMatching.AppHost;

/// <summary>
/// Images of silos, where they are to run as containers: <c>Images:Silo</c>, and <c>Images:GpuSilo</c> with libtorch for GPUs. Without them
/// silos are processes of this machine, which a debugger can follow.
/// </summary>
/// <remarks>All silos or none: they reach each other directly, and a container does not reach the loopback of its host.</remarks>
internal sealed record SiloImages(string? Silo, string? GpuSilo)
{
    public bool AreUsed => Silo is not null;

    /// <exception cref="DistributedApplicationException">An image for GPU silos alone.</exception>
    public static SiloImages Read(IConfiguration configuration)
    {
        var images = new SiloImages(Text(configuration["Images:Silo"]), Text(configuration["Images:GpuSilo"]));
        return images is { Silo: null, GpuSilo: not null }
            ? throw new DistributedApplicationException("Images:GpuSilo is given without Images:Silo: silos are containers all or none; give both")
            : images;
    }

    /// <exception cref="DistributedApplicationException">A GPU silo, and no image that has a GPU's libraries.</exception>
    public string Of(SiloEngine engine) => engine.Device is null
        ? Silo!
        : GpuSilo
            ?? throw new DistributedApplicationException("Silos:Gpu asks for GPU silos, and Images:Silo for containers: give Images:GpuSilo too");

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
