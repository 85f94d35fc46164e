using System.Diagnostics;
using System.Globalization;

namespace RtMatching.Benchmarks;

/// <summary>The server as a process of its own, on a free port, and the memory that it takes.</summary>
internal sealed class ServerUnderLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    private ServerUnderLoad(Process process, string address) =>
        (_process, Client) = (process, new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(10) });

    public HttpClient Client { get; }

    /// <summary>What it holds in memory now; its parsers, processes of their own, apart. (bytes)</summary>
    public long ResidentBytes => Kilobytes("VmRSS:") * 1024;

    public static async Task<ServerUnderLoad> StartAsync(string database)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "rtmatch-server.dll"), "--urls", "http://127.0.0.1:0", "--database", database];
        var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Look(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Look(line.Data, listening);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("The server ended."));
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new ServerUnderLoad(process, await listening.Task.WaitAsync(Patience));
        while (!(await server.Client.GetAsync("/health")).IsSuccessStatusCode) await Task.Delay(100);
        return server;
    }

    private static void Look(string? line, TaskCompletionSource<string> listening)
    {
        const string Said = "rtmatch-server: listening on ";
        if (line?.StartsWith(Said, StringComparison.Ordinal) == true) listening.TrySetResult(line[Said.Length..].Split(';')[0]);
    }

    private long Kilobytes(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
