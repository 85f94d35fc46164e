using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RtMatching.Core.Documents;

/// <summary>One worker seen from its parent. Not for concurrent use.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>What a worker may know of our environment: no connection strings, no keys.</summary>
    private static readonly string[] InheritedVariables =
        ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "LANG"];

    private readonly Process _process;
    private readonly DocumentLimits _limits;
    private readonly StringBuilder _errors = new();

    private WorkerProcess(Process process, DocumentLimits limits)
    {
        _process = process;
        _limits = limits;
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.BeginErrorReadLine();
    }

    public int DocumentsParsed { get; private set; }

    private Stream Input => _process.StandardInput.BaseStream;

    private Stream Output => _process.StandardOutput.BaseStream;

    /// <exception cref="InvalidOperationException">The command is no worker.</exception>
    public static async Task<WorkerProcess> StartAsync(IReadOnlyList<string> command, DocumentLimits limits, CancellationToken cancellation)
    {
        var worker = new WorkerProcess(StartProcess(command, limits), limits);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(StartTimeout);
        try
        {
            await WorkerFrames.WriteAsync(worker.Input, JsonSerializer.SerializeToUtf8Bytes(limits, WorkerJson.Default.DocumentLimits), timeout.Token);
            var greeting = await WorkerFrames.ReadAsync(worker.Output, 1024, timeout.Token);
            if (greeting is not null && greeting.AsSpan().SequenceEqual(WorkerFrames.Greeting)) return worker;
        }
        catch (Exception wrong) when (wrong is IOException or InvalidDataException || (wrong is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Told below, as for a wrong greeting.
        }
        catch
        {
            worker.Dispose();
            throw;
        }
        worker.Dispose();
        throw new InvalidOperationException($"'{string.Join(' ', command)}' does not answer as a parse worker; set DocumentParserOptions.WorkerCommand, "
            + "and see that the program calls ParseWorker.RunAsync for that command");
    }

    private static Process StartProcess(IReadOnlyList<string> command, DocumentLimits limits)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Except(InheritedVariables).ToList()) start.Environment.Remove(name);
        start.Environment["DOTNET_GCHeapHardLimit"] = limits.MaxMemoryBytes.ToString("x", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failed)
        {
            throw new InvalidOperationException($"the parse worker '{command[0]}' cannot be started: {failed.Message}", failed);
        }
    }

    /// <summary>The worker's answer, or null where it died without one: then, and after a time-out, the worker is spent.</summary>
    /// <exception cref="TimeoutException">No answer in time.</exception>
    public async Task<WorkerAnswer?> ParseAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(_limits.Timeout);
        try
        {
            await WorkerFrames.WriteAsync(Input, bytes, timeout.Token);
            var frame = await WorkerFrames.ReadAsync(Output, MaxAnswerBytes, timeout.Token);
            DocumentsParsed++;
            return frame is null ? null : JsonSerializer.Deserialize(frame, WorkerJson.Default.WorkerAnswer);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether the dead worker's last words were about memory.</summary>
    public bool RanOutOfMemory()
    {
        _process.WaitForExit(TimeSpan.FromSeconds(5));
        lock (_errors) return _errors.ToString().Contains("OutOfMemory", StringComparison.Ordinal) || _errors.ToString().Contains("Out of memory", StringComparison.Ordinal);
    }

    /// <summary>JSON may spell a UTF-16 unit with six bytes; the sections are small beside that.</summary>
    private int MaxAnswerBytes => (int)Math.Min(int.MaxValue, (7L * _limits.MaxTextLength) + (64L * 1024 * 1024));

    private void Remember(string? line)
    {
        lock (_errors)
            if (line is not null && _errors.Length < 4096) _errors.Append(line).Append('\n');
    }

    /// <summary>Kills the worker and what it started: a worker keeps nothing that would need an orderly end.</summary>
    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(TimeSpan.FromSeconds(5));
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended already.
        }
        _process.Dispose();
    }
}
