namespace RtMatching.Torch;

/// <summary>What keeps libtorch from being used, as errors that name what is missing and what to do. Knows words, touches nothing.</summary>
internal static class TorchTrouble
{
    private const string Bring =
        $"Build with -p:TorchRuntime=cpu or -p:TorchRuntime=cuda-linux, which brings it, or set {TorchLibrary.Variable} to a folder that holds";

    /// <summary>Of the file that TorchSharp's own package brings.</summary>
    public static TorchUnavailableException NoShim(string name, IEnumerable<string> folders) => new(
        $"TorchSharp's {name} is not there; looked in {string.Join(", ", folders)}. Restore and build again for this system " +
        "(TorchSharp has it for linux-x64, win-x64 and osx-arm64)");

    /// <param name="name">Of TorchSharp's library.</param>
    /// <param name="error">The loader's words.</param>
    public static TorchUnavailableException BrokenShim(string name, string folder, string error) => IsLibtorch(error)
        ? new($"libtorch is not there: {Name(error)} was looked for beside {Path.Combine(folder, name)} and where the system's loader looks. " +
            $"{Bring} {NativeFiles.Name("torch")} {TorchLibrary.Version} (a CPU or a CUDA build)")
        : new($"TorchSharp's {name} cannot be loaded: {error}. It and libtorch {TorchLibrary.Version} must be made for this system; " +
            "those of NuGet ask for the C and C++ libraries of Debian 13 or Ubuntu 24.04, or newer ones");

    public static TorchUnavailableException NoFolder(string folder) => new(
        $"{TorchLibrary.Variable}={folder}: there is no such folder. Name the folder lib of a libtorch {TorchLibrary.Version}, or unset it");

    /// <summary>The folder of the variable does not hold libtorch.</summary>
    public static TorchUnavailableException NotInFolder(string folder, string missing) => new(
        $"{TorchLibrary.Variable}={folder}: {missing} is not in it. Name the folder lib of a libtorch {TorchLibrary.Version}, or unset it");

    /// <summary>Two libtorches in one process end it.</summary>
    public static TorchUnavailableException TwoLibraries(string folder, string own) => new(
        $"{TorchLibrary.Variable}={folder}: this program brings a libtorch of its own in {own}. Unset it, or build without -p:TorchRuntime");

    public static TorchUnavailableException OtherVersion(string folder, string found) => new(
        $"{TorchLibrary.Variable}={folder}: that is libtorch {found}, and TorchSharp is built for {TorchLibrary.Version}; name a folder of that");

    /// <param name="error">The loader's words.</param>
    public static TorchUnavailableException NotLoaded(string path, string error) => new(
        $"{path} cannot be loaded: {error}. Bring what it asks for, or a libtorch {TorchLibrary.Version} that is made for this system");

    public static TorchUnavailableException CpuBuild(string folder) => new(
        $"the libtorch in {folder} is a build for the CPU alone, and a GPU is asked for. Build with -p:TorchRuntime=cuda-linux, set " +
        $"{TorchLibrary.Variable} to the folder lib of a CUDA build of libtorch {TorchLibrary.Version}, or ask for the device cpu");

    public static TorchUnavailableException NoDriver(string library) => new(
        $"the NVIDIA driver is not there ({library} cannot be loaded), and a GPU is asked for. Install the driver; in a container, start it with " +
        "the GPUs (docker run --gpus all, with the NVIDIA Container Toolkit), or ask for the device cpu");

    public static TorchUnavailableException NoRuntime(string folder) => new(
        $"the libtorch in {folder} has loaded no CUDA runtime (libcudart). It is not whole: bring its CUDA build {TorchLibrary.Version} again");

    /// <param name="error">Of the CUDA runtime, when it counts the GPUs.</param>
    /// <param name="words">Its own for that error.</param>
    /// <param name="versions">As <see cref="CudaRuntime.Versions"/> gives them.</param>
    public static TorchUnavailableException OfCuda(int error, string words, (int Driver, int Runtime) versions) => error switch
    {
        35 => new(
            $"the NVIDIA driver is too old: it knows CUDA {Cuda(versions.Driver)}, and libtorch is built for CUDA {Cuda(versions.Runtime)}. " +
            "Install a newer driver"),
        100 => NoGpu(),
        803 => new(
            $"the NVIDIA driver's library and its kernel module are of different versions ({words}). Restart the machine, or install the driver again"),
        _ => new($"CUDA does not start: {words} (error {error}; the driver knows CUDA {Cuda(versions.Driver)}). Look what nvidia-smi says"),
    };

    public static TorchUnavailableException NoGpu() => new(
        "the NVIDIA driver finds no GPU. Look what nvidia-smi says and whether CUDA_VISIBLE_DEVICES hides them, or ask for the device cpu");

    /// <summary>The driver has GPUs, and libtorch has not.</summary>
    public static TorchUnavailableException NotUsable(IEnumerable<string> gpus) => new(
        $"the NVIDIA driver has {string.Join(", ", gpus)}, and libtorch finds no CUDA. Bring a CUDA build of libtorch {TorchLibrary.Version} again");

    private static string Cuda(int version) => version == 0 ? "unknown" : $"{version / 1000}.{version % 1000 / 10}";

    private static bool IsLibtorch(string error) =>
        (error.StartsWith("libtorch", StringComparison.Ordinal) || error.StartsWith("libc10", StringComparison.Ordinal))
        && error.Contains("cannot open shared object file", StringComparison.Ordinal);

    private static string Name(string error) => error.Split(':')[0];
}
