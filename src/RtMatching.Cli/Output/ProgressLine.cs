using System.Diagnostics;
using Spectre.Console;

namespace RtMatching.Cli.Output;

/// <summary>
/// Progress of a long command, on stderr: a bar with rate and remaining time on a terminal, otherwise a plain line every few seconds.
/// </summary>
internal sealed class ProgressLine(string verb, string unit) : IDisposable
{
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BarEvery = TimeSpan.FromMilliseconds(100);
    private const int BarWidth = 30;

    private readonly bool _bar = !Console.IsErrorRedirected && Terminal.Error.Profile.Capabilities.Ansi;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _gate = new();
    private TimeSpan _last;
    private bool _drawn;

    /// <param name="done">Finished so far.</param>
    /// <param name="total">In all, as far as is known; 0 where it is not.</param>
    public void Report(long done, long total, string note = "")
    {
        lock (_gate)
        {
            var now = _clock.Elapsed;
            if (now - _last < (_bar ? BarEvery : PlainEvery)) return;
            _last = now;
            Write(Line(done, total, now, note));
        }
    }

    private string Line(long done, long total, TimeSpan elapsed, string note)
    {
        var rate = done / Math.Max(elapsed.TotalSeconds, 1e-3);
        var remaining = total > done && rate > 0 ? $", {Duration(TimeSpan.FromSeconds((total - done) / rate))} left" : "";
        var of = total > 0 ? $"{done:N0}/{total:N0}" : $"{done:N0}";
        return $"{verb} {Bar(done, total)}{of} {unit}, {rate:N1}/s{remaining}{(note.Length > 0 ? ", " + note : "")}";
    }

    private string Bar(long done, long total)
    {
        if (!_bar || total <= 0) return "";
        var filled = (int)Math.Clamp(done * BarWidth / total, 0, BarWidth);
        return $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] ";
    }

    private void Write(string line)
    {
        if (!_bar)
        {
            Console.Error.WriteLine(line);
            return;
        }

        var width = Math.Max(20, Terminal.Error.Profile.Width - 1);
        Console.Error.Write("\r\u001b[K" + (line.Length > width ? line[..width] : line));
        _drawn = true;
    }

    private static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min" : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{time.Seconds} s";

    public void Dispose()
    {
        lock (_gate)
        {
            if (_drawn) Console.Error.Write("\r\u001b[K");
            _drawn = false;
        }
    }
}
