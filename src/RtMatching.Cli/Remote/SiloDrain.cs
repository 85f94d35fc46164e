using System.Diagnostics;
using RtMatching.Cli.Output;
using RtMatching.Core.Operations;

namespace RtMatching.Cli.Remote;

internal enum DrainState { Busy, Empty, Gone, Resumed }

/// <summary><c>silos drain --wait</c>: asks again and again how far a draining silo is.</summary>
internal sealed class SiloDrain(ServerClient server)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A silo and those that give it work learn of the draining with their next report, two seconds later at most: only what it reports
    /// after that tells of everything it was given.
    /// </summary>
    internal static readonly TimeSpan Settle = TimeSpan.FromSeconds(2.5);

    private SiloStatus? _last;

    /// <summary>Every silo that the server knows.</summary>
    public static async Task<IReadOnlyList<SiloStatus>> ListAsync(ServerClient server, CancellationToken cancellation) =>
        (await server.GetAsync<SiloPage>("v1/silos", cancellation)).Items;

    /// <summary>Returns once nothing is in flight there.</summary>
    /// <param name="silo">As the server answered to the draining.</param>
    /// <returns>As it is then.</returns>
    /// <exception cref="CommandException">It did not come to that within <paramref name="limit"/>, or somebody had it work again.</exception>
    public async Task<SiloStatus> WaitAsync(SiloStatus silo, TimeSpan limit, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            return await WaitAsync(silo, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var last = _last ?? silo;
            throw new CommandException($"silo {Terminal.Plain(silo.Name)} is not empty after {StatusText.Duration(limit.TotalSeconds)}: {Terminal.Plain(last.State)}, "
                + $"{StatusText.InFlight(last.Batches)}, seen {StatusText.Seen(last)}; it goes on draining, and the same command waits on");
        }
    }

    private async Task<SiloStatus> WaitAsync(SiloStatus silo, CancellationToken cancellation)
    {
        using var line = new ProgressLine("draining", "batches");
        var (clock, most) = (Stopwatch.StartNew(), 0);
        for (SiloStatus? now = silo; ; now = (await ListAsync(server, cancellation)).FirstOrDefault(other => IsSame(other, silo)))
        {
            switch (StateOf(now, clock.Elapsed))
            {
                case DrainState.Resumed:
                    throw new CommandException($"silo {Terminal.Plain(silo.Name)} does not drain: somebody had it work again");
                case DrainState.Gone:
                    return (_last ?? silo) with { State = SiloState.Dead, Batches = 0 };
                case DrainState.Empty:
                    return now!;
            }

            (_last, most) = (now!, Math.Max(most, now!.Batches));
            line.Report(most - now.Batches, most, StatusText.InFlight(now.Batches));
            await Task.Delay(Poll, cancellation);
        }
    }

    /// <summary>One that was stopped and started again under its name is another.</summary>
    private static bool IsSame(SiloStatus one, SiloStatus other) => (one.Name, one.Address) == (other.Name, other.Address)
        && (one.StartedAt is null || other.StartedAt is null || one.StartedAt == other.StartedAt);     // null before its first report

    /// <param name="silo">Null where the cluster knows it no more.</param>
    /// <param name="since">The draining was asked for.</param>
    internal static DrainState StateOf(SiloStatus? silo, TimeSpan since)
    {
        if (silo is null or { State: SiloState.Dead }) return DrainState.Gone;
        var isTold = silo.SeenSecondsAgo is { } seen && since.TotalSeconds - seen >= Settle.TotalSeconds;
        return silo switch
        {
            { State: SiloState.Active } when isTold => DrainState.Resumed,
            { State: SiloState.Draining or SiloState.Stopping, Batches: 0 } when isTold => DrainState.Empty,
            _ => DrainState.Busy,
        };
    }

    private sealed record SiloPage(IReadOnlyList<SiloStatus> Items);
}
