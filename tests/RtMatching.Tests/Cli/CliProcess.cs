using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace RtMatching.Tests.Cli;

/// <summary>Runs the command line as a user does: a process, with its exit code, stdout and stderr.</summary>
internal sealed record CliProcess(int ExitCode, string Output, string Error)
{
    /// <summary>The command line's own build, not the copy beside the tests; see the project file.</summary>
    public static string Assembly { get; } =
        typeof(CliProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "CommandLine").Value!;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static async Task<CliProcess> RunAsync(string[] arguments, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"rtmatch {string.Join(' ', arguments)} did not end within {Limit}.");
        }

        return new CliProcess(process.ExitCode, await output, await error);
    }

    /// <summary>Starts it and leaves it running, for tests that kill it.</summary>
    public static Process Start(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(Assembly);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
