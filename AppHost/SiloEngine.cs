namespace RtMatching.AppHost;

/// <summary>What a silo has to embed with, and which stages of the queue it therefore works on.</summary>
/// <param name="Kind">As <c>rtmatch-silo --engine</c> takes it.</param>
/// <param name="Work">As <c>--work</c> takes it.</param>
/// <param name="Device">As <c>--device</c> takes it; null where the engine has none to choose.</param>
internal sealed record SiloEngine(string Kind, string Work, string? Device = null)
{
    public static readonly SiloEngine None = new("none", "parse");
    public static readonly SiloEngine Cpu = new("cpu", "embed");
    public static readonly SiloEngine Gpu = new("torch", "embed", "cuda");
}
