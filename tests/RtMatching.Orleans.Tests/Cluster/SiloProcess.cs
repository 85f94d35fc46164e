using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RtMatching.Core.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>A silo as a process of its own, on free ports of loopback, for tests that kill it.</summary>
internal sealed partial class SiloProcess : IAsyncDisposable
{
    /// <summary>A silo that joins where others start too has to wait for its turn at the membership's version.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output;

    private SiloProcess(Process process, ConcurrentQueue<string> output, Match said)
    {
        (_process, _output) = (process, output);
        (Address, Name, Endpoint) = (said.Groups["url"].Value, said.Groups["name"].Value, said.Groups["endpoint"].Value);
        Client = new HttpClient { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(100) };
    }

    /// <summary>Of its HTTP endpoints, for example <c>http://127.0.0.1:40123</c>.</summary>
    public string Address { get; }

    /// <summary>In the cluster.</summary>
    public string Name { get; }

    /// <summary>Where other silos reach it: address and port.</summary>
    public string Endpoint { get; }

    public HttpClient Client { get; }

    public int ProcessId => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>What it has said, for the message of a test that fails.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Started and listening.</summary>
    /// <param name="arguments">As rtmatch-silo takes them; --http is loopback on a free port.</param>
    public static Task<SiloProcess> StartAsync(string connectionString, params string[] arguments) =>
        StartAsync(connectionString, new Dictionary<string, string>(), arguments);

    /// <param name="environment">Variables besides the database's.</param>
    public static Task<SiloProcess> StartAsync(string connectionString, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var all = new Dictionary<string, string>(environment) { [Database.Variable] = connectionString };
        return StartAsync(all, arguments.Contains("--http") ? arguments : ["--http", "http://127.0.0.1:0", .. arguments]);
    }

    /// <summary>With this environment and these arguments alone.</summary>
    public static async Task<SiloProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var (process, output) = Run(environment, arguments);
        var listening = new TaskCompletionSource<Match>(TaskCreationOptions.RunContinuationsAsynchronously);
        Listen(process, output, line =>
        {
            if (Listening().Match(line) is { Success: true } said) listening.TrySetResult(said);
        });
        try
        {
            var ended = process.WaitForExitAsync();
            await Task.WhenAny(listening.Task, ended).WaitAsync(Patience);
            if (!listening.Task.IsCompleted) await Task.WhenAny(listening.Task, Task.Delay(TimeSpan.FromSeconds(1)));     // its last lines
            if (!listening.Task.IsCompleted) throw new InvalidOperationException("The silo ended.");
            return new SiloProcess(process, output, await listening.Task);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            if (!process.HasExited) process.Kill();
            throw new InvalidOperationException($"The silo did not start: {exception.Message}\n{string.Join('\n', output)}", exception);
        }
    }

    /// <summary>Several at once, named silo-1, silo-2, ...</summary>
    public static Task<SiloProcess[]> StartAsync(int count, string connectionString, params string[] arguments) => Task.WhenAll(
        Enumerable.Range(1, count).Select(number => StartAsync(connectionString, [.. arguments, "--name", $"silo-{number}"])));

    /// <summary>A command line that is expected to end by itself: its exit code and what it said.</summary>
    public static async Task<(int Code, string Output)> EndedAsync(string connectionString, params string[] arguments)
    {
        var (process, output) = Run(new Dictionary<string, string> { [Database.Variable] = connectionString }, arguments);
        using (process)
        {
            Listen(process, output, _ => { });
            await process.WaitForExitAsync().WaitAsync(Patience);
            process.WaitForExit();      // until its output is read too
            return (process.ExitCode, string.Join('\n', output));
        }
    }

    /// <summary>As an operator or a container's host stops it: SIGTERM.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>SIGKILL: nothing is handed back, nothing said.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    private static (Process Process, ConcurrentQueue<string> Output) Run(IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [.. SiloProgram.Line, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return (Process.Start(start)!, new ConcurrentQueue<string>());
    }

    private static void Listen(Process process, ConcurrentQueue<string> output, Action<string> look)
    {
        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Hear(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null) return;
            output.Enqueue(line.Data);
            look(line.Data);
        }
    }

    [GeneratedRegex("^rtmatch-silo: listening on (?<url>[^ ;]+).*; silo (?<name>[^ ;]+) at (?<endpoint>[^ ;]+) in cluster ")]
    private static partial Regex Listening();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }
}
