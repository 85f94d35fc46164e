using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace RtMatching.Core.Documents.Readers;

/// <summary>What a tool printed, and how it ended.</summary>
/// <param name="Cut">It printed more than was asked for, and was stopped there.</param>
/// <param name="TimedOut">It was stopped for taking too long.</param>
internal sealed record ToolResult(int ExitCode, byte[] Output, string Errors, bool Cut, bool TimedOut);

/// <summary>
/// A program of poppler-utils as a child: the document goes in through its standard input, so that no copy of it is left on
/// disk, and <c>prlimit</c> (util-linux, part of every Linux distribution) bounds its memory and processor time.
/// </summary>
internal static class ToolProcess
{
    private const int MaxErrorLength = 16 * 1024;

    /// <exception cref="DocumentToolMissingException">The program is not installed.</exception>
    public static ToolResult Run(string tool, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, int maxOutput, DocumentLimits limits)
    {
        var path = FindOnPath(tool) ?? throw new DocumentToolMissingException(
            $"'{tool}' is not installed, and PDF files cannot be read without it: run infra/postgres/install.sh (or: apt-get install poppler-utils)");
        using var process = Start(StartInfo(path, arguments, limits));
        var errors = Task.Run(() => ReadErrors(process.StandardError.BaseStream));
        var feeding = Task.Run(() => Feed(process, input));
        var reading = Task.Run(() => ReadOutput(process, maxOutput));
        var timedOut = !Task.WaitAll([reading, errors], limits.Timeout);
        if (timedOut) Kill(process);
        Task.WaitAll(reading, errors, feeding);
        process.WaitForExit();
        var (output, cut) = reading.Result;
        return new ToolResult(process.ExitCode, output, errors.Result, cut, timedOut);
    }

    private static ProcessStartInfo StartInfo(string path, IReadOnlyList<string> arguments, DocumentLimits limits)
    {
        var prlimit = FindOnPath("prlimit");
        var start = new ProcessStartInfo(prlimit ?? path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (prlimit is not null)
        {
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--as={limits.MaxMemoryBytes}"));
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--cpu={(int)Math.Ceiling(limits.Timeout.TotalSeconds)}"));
            start.ArgumentList.Add("--core=0");
            start.ArgumentList.Add(path);
        }
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failed)
        {
            throw new DocumentToolMissingException($"'{start.FileName}' cannot be started: {failed.Message}");
        }
    }

    private static void Feed(Process process, ReadOnlyMemory<byte> input)
    {
        try
        {
            using var stdin = process.StandardInput.BaseStream;
            stdin.Write(input.Span);
        }
        catch (IOException)
        {
            // The tool gave up before reading everything; its exit code says why.
        }
    }

    private static (byte[] Output, bool Cut) ReadOutput(Process process, int maxOutput)
    {
        var output = new MemoryStream();
        var buffer = new byte[64 * 1024];
        var stdout = process.StandardOutput.BaseStream;
        for (int read; (read = stdout.Read(buffer)) > 0;)
        {
            output.Write(buffer, 0, read);
            if (output.Length <= maxOutput) continue;
            Kill(process);
            return (output.ToArray(), true);
        }
        return (output.ToArray(), false);
    }

    /// <summary>A damaged PDF can print a line per object: all is read, so that the tool never blocks, and the first part kept.</summary>
    private static string ReadErrors(Stream stderr)
    {
        var kept = new MemoryStream();
        var buffer = new byte[4096];
        for (int read; (read = stderr.Read(buffer)) > 0;)
            if (kept.Length < MaxErrorLength) kept.Write(buffer, 0, read);
        return Encoding.UTF8.GetString(kept.ToArray());
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It ended by itself in the meantime.
        }
    }

    private static string? FindOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
