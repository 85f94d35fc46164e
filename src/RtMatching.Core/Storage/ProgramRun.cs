using System.Diagnostics;

namespace RtMatching.Core.Storage;

/// <summary>Runs a program of the system to its end.</summary>
internal static class ProgramRun
{
    /// <param name="environment">What it gets besides this process's own variables; null takes one of these away.</param>
    /// <returns>Exit code, and what it wrote to both outputs.</returns>
    public static async Task<(int Code, string Output)> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation = default, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",   // The current folder may be closed to the user that the program becomes.
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new DatabaseSetupException($"{program} did not start.");
        process.StandardInput.Close();
        var (output, error) = (ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        // A server that the program left running inherits its outputs and never closes them: what came so far is enough.
        await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(TimeSpan.FromSeconds(1), cancellation));
        return (process.ExitCode, Finished(output) + Finished(error));
    }

    private static string Finished(Task<string> text) => text.IsCompletedSuccessfully ? text.Result : "";

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        try
        {
            return await reader.ReadToEndAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return "";
        }
    }
}
