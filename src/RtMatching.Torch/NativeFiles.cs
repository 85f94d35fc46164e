using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RtMatching.Torch;

/// <summary>Where native libraries are, and what they are called on this system.</summary>
internal static class NativeFiles
{
    /// <summary>For example libtorch.so of torch.</summary>
    public static string Name(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    /// <summary>The library's file in a folder, or else one with a version after its name, as distributions have them; null where none is.</summary>
    public static string? Find(string folder, string library)
    {
        var path = Path.Combine(folder, Name(library));
        if (File.Exists(path)) return path;
        if (!Directory.Exists(folder)) return null;
        return Directory.EnumerateFiles(folder, $"{Name(library)}.*").Order(StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>The file of this process whose name begins so; null where none is loaded.</summary>
    public static string? Loaded(string name)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName)
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal));
    }

    /// <summary>Folders that the runtime loads this program's native libraries from.</summary>
    public static IReadOnlyList<string> Folders()
    {
        var told = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        var own = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        string[] folders = [.. told.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), AppContext.BaseDirectory, own];
        return [.. folders.Select(Path.TrimEndingDirectorySeparator).Distinct()];
    }

    /// <returns>Why it cannot be loaded, in the system's loader's words; null where it is loaded now.</returns>
    public static string? Load(string path)
    {
        try
        {
            NativeLibrary.Load(path);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's own advice comes first, the loader's words last.
            return e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
        }
    }
}
