using System.Reflection;

namespace RtMatching.Core.Documents;

/// <summary>How this program starts itself as a worker, whether it runs as <c>rtmatch</c>, as <c>dotnet rtmatch.dll</c>, in a test host or in another host.</summary>
internal static class WorkerCommandLine
{
    public const string HiddenCommand = "parse-worker";

    private const string CommandLineProgram = "rtmatch.dll";
    private const string Silo = "rtmatch-silo";

    public static IReadOnlyList<string> Default()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, CommandLineProgram);
        if (File.Exists(beside)) return [DotnetHost(), beside, HiddenCommand];
        if (Environment.ProcessPath is { } self && !IsDotnet(self)) return [self, HiddenCommand];
        return [DotnetHost(), Path.Combine(AppContext.BaseDirectory, Entry() + ".dll"), HiddenCommand];
    }

    /// <summary>A test host knows no workers; what it tests does.</summary>
    private static string Entry() => Assembly.GetEntryAssembly()?.GetName().Name is { } name and not "testhost" ? name : Silo;

    /// <summary>The <c>dotnet</c> that runs this process: <c>shared/Microsoft.NETCore.App/VERSION</c> lies three folders below it.</summary>
    private static string DotnetHost()
    {
        if (Environment.ProcessPath is { } self && IsDotnet(self)) return self;
        var runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        var host = Path.GetFullPath(Path.Combine(runtime, "../../..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }

    private static bool IsDotnet(string path) => Path.GetFileNameWithoutExtension(path) == "dotnet";
}
