using System.Diagnostics;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Server;

/// <summary>The server as a process of its own, for tests that kill it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ServerProcess(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    /// <summary>As an operator or a container's host stops it: SIGTERM.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>SIGKILL: nothing is handed back, nothing said.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Started and listening.</summary>
    /// <param name="url">Port 0 takes a free one; the address of a killed server starts it there again.</param>
    public static Task<ServerProcess> StartAsync(string connectionString, string url = "http://127.0.0.1:0", params string[] arguments) =>
        StartAsync(connectionString, new Dictionary<string, string>(), url, arguments);

    /// <param name="environment">Variables besides the database's.</param>
    public static async Task<ServerProcess> StartAsync(
        string connectionString, IReadOnlyDictionary<string, string> environment, string url = "http://127.0.0.1:0", params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "rtmatch-server.dll"), "--urls", url }.Concat(arguments))
            start.ArgumentList.Add(argument);
        start.Environment[Database.Variable] = connectionString;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Look(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Look(line.Data, listening);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("The server ended."));
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ServerProcess(process, await listening.Task.WaitAsync(Patience));
    }

    private static void Look(string? line, TaskCompletionSource<string> listening)
    {
        const string Said = "rtmatch-server: listening on ";
        if (line?.StartsWith(Said, StringComparison.Ordinal) == true) listening.TrySetResult(line[Said.Length..].Split(';')[0]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }
}
