using System.Reflection;

namespace RtMatching.Torch.Tests;

public sealed class TorchLibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-libtorch-").FullName;

    [Fact]
    public void It_asks_for_the_libtorch_that_torchsharp_is_built_for()
    {
        // Read without touching it: that would load libtorch.
        var field = typeof(TorchSharp.torch).GetField("libtorchPackageVersion", BindingFlags.NonPublic | BindingFlags.Static)!;
        var torchSharp = (string)field.GetRawConstantValue()!;
        Assert.True(TorchLibrary.IsVersion(torchSharp), torchSharp);
        Assert.False(TorchLibrary.IsVersion("2.1.0"));
    }

    [Theory]
    [InlineData("build-version", "2.10.0+cu128\n", "2.10.0")]
    [InlineData("version.py", "__version__ = '2.9.1+cu128'\ncuda = '12.8'\n", "2.9.1")]
    [InlineData("build-version", "who knows", null)]
    public void The_version_of_a_folder_is_read_beside_it(string file, string text, string? version)
    {
        var lib = Directory.CreateDirectory(Path.Combine(_folder, "lib")).FullName;
        Assert.Null(TorchLibrary.VersionOf(lib));
        File.WriteAllText(Path.Combine(_folder, file), text);
        Assert.Equal(version, TorchLibrary.VersionOf(lib));
        Assert.Equal(version, TorchLibrary.VersionOf(lib + Path.DirectorySeparatorChar));
    }

    [Fact]
    public void A_library_is_found_under_its_own_name_before_one_with_a_version()
    {
        Assert.Null(NativeFiles.Find(_folder, "torch"));
        Assert.Null(NativeFiles.Find(Path.Combine(_folder, "missing"), "torch"));
        var versioned = Path.Combine(_folder, NativeFiles.Name("torch") + ".2.10");
        File.WriteAllText(versioned, "");
        Assert.Equal(versioned, NativeFiles.Find(_folder, "torch"));
        File.WriteAllText(Path.Combine(_folder, NativeFiles.Name("torch")), "");
        Assert.Equal(Path.Combine(_folder, NativeFiles.Name("torch")), NativeFiles.Find(_folder, "torch"));
    }

    [Fact]
    public void A_file_that_is_no_library_is_told_in_the_loaders_words()
    {
        var path = Path.Combine(_folder, NativeFiles.Name("torch"));
        Assert.NotNull(NativeFiles.Load(path));
        File.WriteAllText(path, "not a library");
        Assert.DoesNotContain("LD_DEBUG", NativeFiles.Load(path), StringComparison.Ordinal);
        if (OperatingSystem.IsLinux()) Assert.Contains("file too short", NativeFiles.Load(path), StringComparison.Ordinal);
    }

    [Fact]
    public void What_this_process_has_loaded_is_found()
    {
        if (!OperatingSystem.IsLinux()) return;
        Assert.True(File.Exists(NativeFiles.Loaded("libcoreclr")));
        Assert.Null(NativeFiles.Loaded("libnothing"));
    }

    [Fact]
    public void Each_thing_that_can_be_missing_is_named_with_its_remedy()
    {
        const string missing = "libtorch_cpu.so: cannot open shared object file: No such file or directory";
        Says(TorchTrouble.NoShim("libLibTorchSharp.so", ["/app"]), "libLibTorchSharp.so", "/app", "Restore");
        const string shim = "libLibTorchSharp.so";
        Says(TorchTrouble.BrokenShim(shim, "/app", missing), "libtorch is not there: libtorch_cpu.so", "/app", "cuda-linux", "RTMATCH_LIBTORCH");
        Says(TorchTrouble.BrokenShim(shim, "/app", "libc.so.6: version `GLIBC_2.38' not found"), $"{shim} cannot be loaded", "GLIBC_2.38");
        Says(TorchTrouble.NoFolder("/opt/x"), "RTMATCH_LIBTORCH=/opt/x", "no such folder");
        Says(TorchTrouble.TwoLibraries("/opt/x", "/app"), "RTMATCH_LIBTORCH=/opt/x", "/app", "Unset");
        Says(TorchTrouble.NotInFolder("/opt/x", "libtorch.so"), "RTMATCH_LIBTORCH=/opt/x", "libtorch.so is not in it", "2.10");
        Says(TorchTrouble.OtherVersion("/opt/x", "2.6.0"), "/opt/x", "2.6.0", "2.10");
        Says(TorchTrouble.NotLoaded("/opt/x/libtorch_cuda.so", "libcudnn.so.9: cannot open"), "/opt/x/libtorch_cuda.so", "libcudnn.so.9");
        Says(TorchTrouble.CpuBuild("/opt/x"), "the CPU alone", "cuda-linux", "device cpu");
        Says(TorchTrouble.NoDriver("libcuda.so.1"), "driver is not there", "libcuda.so.1", "--gpus all");
        Says(TorchTrouble.NoRuntime("/opt/x"), "libcudart");
        Says(TorchTrouble.NotUsable(["NVIDIA H100"]), "NVIDIA H100", "libtorch finds no CUDA");
    }

    [Theory]
    [InlineData(35, "too old: it knows CUDA 11.4, and libtorch is built for CUDA 12.8")]
    [InlineData(100, "finds no GPU")]
    [InlineData(803, "different versions")]
    [InlineData(999, "unknown error (error 999")]
    public void What_keeps_cuda_from_starting_is_told(int error, string said) =>
        Says(TorchTrouble.OfCuda(error, "unknown error", (11_040, 12_080)), said);

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void Devices_answer_or_the_reason_is_told_and_asking_again_says_the_same(string text)
    {
        var devices = TorchDevices.Parse(text);
        try
        {
            var found = TorchLibrary.Require(devices);
            Assert.NotEmpty(found);
            Assert.Equal(found, TorchLibrary.Require(devices));
        }
        catch (TorchUnavailableException unavailable)
        {
            Assert.Equal(unavailable.Message, Assert.Throws<TorchUnavailableException>(() => TorchLibrary.Require(devices)).Message);
            Assert.Matches("RTMATCH_LIBTORCH|device cpu|libtorch|driver", unavailable.Message);
        }
    }

    private static void Says(TorchUnavailableException error, params string[] words) =>
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));

    public void Dispose() => Directory.Delete(_folder, true);
}
