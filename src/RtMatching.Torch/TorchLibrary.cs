using System.Text.RegularExpressions;
using TorchSharp;

namespace RtMatching.Torch;

/// <summary>
/// libtorch and TorchSharp's way to it, loaded once a process. TorchSharp loads by itself when it is first touched, fails with a stack, and
/// stays broken; so it is touched only after everything was found here.
/// </summary>
public static partial class TorchLibrary
{
    /// <summary>Names the folder of a libtorch that did not come with the program.</summary>
    public const string Variable = "RTMATCH_LIBTORCH";

    /// <summary>The libtorch that TorchSharp is built for: another's functions have other names, which ends the process when one is called.</summary>
    internal const string Version = "2.10";

    private const string Shim = "LibTorchSharp";

    // In an order in which each finds what it needs loaded already; a CPU build lacks the second two.
    private static readonly string[] Parts = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];

    private static readonly Lock Loading = new();
    private static string? _folder;

    /// <summary>libtorch is loaded, and the devices answer.</summary>
    /// <returns>The devices one by one.</returns>
    /// <exception cref="TorchUnavailableException">Something is missing; the message names it and the remedy.</exception>
    public static IReadOnlyList<TorchDevice> Require(TorchDevices devices)
    {
        lock (Loading)
        {
            _folder ??= Load(Environment.GetEnvironmentVariable(Variable));
            var found = devices.AreCuda ? devices.On(Gpus(_folder)) : devices.Named!;
            LimitThreads(devices.AreCuda);
            return found;
        }
    }

    /// <param name="named">By the user; null or empty where nothing is.</param>
    /// <returns>The folder that libtorch lies in.</returns>
    private static string Load(string? named)
    {
        var folders = NativeFiles.Folders();
        var own = folders.FirstOrDefault(candidate => NativeFiles.Find(candidate, "torch_cpu") is not null);
        if (!string.IsNullOrEmpty(named)) CheckNamed(named, own);
        if ((string.IsNullOrEmpty(named) ? own : named) is { } folder) LoadFrom(folder);
        var home = LoadShim(folders);
        var found = Path.GetDirectoryName(NativeFiles.Loaded(Path.GetFileNameWithoutExtension(NativeFiles.Name("torch_cpu")))) ?? home;

        // Before libtorch is first called: it asks only once whether it has CUDA.
        if (NativeFiles.Find(found, "torch_cuda") is { } cuda && NativeFiles.Load(cuda) is { } error) throw TorchTrouble.NotLoaded(cuda, error);
        return found;
    }

    /// <returns>The folder that it lies in.</returns>
    private static string LoadShim(IReadOnlyList<string> folders)
    {
        var name = NativeFiles.Name(Shim);
        var home = folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, name))) ?? throw TorchTrouble.NoShim(name, folders);
        return NativeFiles.Load(Path.Combine(home, name)) is { } error ? throw TorchTrouble.BrokenShim(name, home, error) : home;
    }

    /// <param name="own">Where the program has a libtorch that it was built with; null where it has none.</param>
    private static void CheckNamed(string folder, string? own)
    {
        if (!Directory.Exists(folder)) throw TorchTrouble.NoFolder(folder);
        if (own is not null && !IsSame(own, folder)) throw TorchTrouble.TwoLibraries(folder, own);
        if (VersionOf(folder) is { } version && !IsVersion(version)) throw TorchTrouble.OtherVersion(folder, version);
    }

    /// <summary>By their full paths: what is loaded already, the loader does not look for again.</summary>
    private static void LoadFrom(string folder)
    {
        foreach (var part in Parts)
        {
            var path = NativeFiles.Find(folder, part);
            if (path is null && part.Contains("cuda", StringComparison.Ordinal)) continue;
            if (path is null) throw TorchTrouble.NotInFolder(folder, NativeFiles.Name(part));
            if (NativeFiles.Load(path) is { } error) throw TorchTrouble.NotLoaded(path, error);
        }
    }

    /// <summary>As the archive of libtorch (build-version) and the Python package (version.py) write it beside their folder lib; else null.</summary>
    internal static string? VersionOf(string folder)
    {
        var above = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) ?? folder;
        foreach (var name in new[] { "build-version", "version.py" })
        {
            var path = Path.Combine(above, name);
            if (File.Exists(path) && Digits().Match(File.ReadAllText(path)) is { Success: true } version) return version.Value;
        }

        return null;
    }

    private static bool IsSame(string folder, string other) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(other));

    internal static bool IsVersion(string version) => version.StartsWith($"{Version}.", StringComparison.Ordinal);

    /// <returns>Their names.</returns>
    private static string[] Gpus(string folder)
    {
        if (NativeFiles.Find(folder, "torch_cuda") is null) throw TorchTrouble.CpuBuild(folder);
        if (NativeFiles.Load(CudaRuntime.DriverName) is not null) throw TorchTrouble.NoDriver(CudaRuntime.DriverName);
        var cuda = CudaRuntime.Find() ?? throw TorchTrouble.NoRuntime(folder);
        var error = cuda.Count(out var count);
        if (error != CudaRuntime.Success) throw TorchTrouble.OfCuda(error, cuda.Explain(error), cuda.Versions());
        if (count == 0) throw TorchTrouble.NoGpu();
        string[] gpus = [.. Enumerable.Range(0, count).Select(cuda.Name)];
        return torch.cuda.is_available() ? gpus : throw TorchTrouble.NotUsable(gpus);
    }

    /// <summary>
    /// libtorch counts the machine's cores, not those that a container may use. Where GPUs work, the CPU only feeds them, and its cores are
    /// for parsing. Where the environment says how many (OMP_NUM_THREADS), it knows better: threads that others keep from their cores wait for
    /// each other in every sum, and two can be many times slower than one.
    /// </summary>
    private static void LimitThreads(bool cuda)
    {
        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is { Length: > 0 }) return;
        torch.set_num_threads(cuda ? Math.Min(4, Environment.ProcessorCount) : Environment.ProcessorCount);
    }

    [GeneratedRegex(@"\d+\.\d+\.\d+")]
    private static partial Regex Digits();
}
