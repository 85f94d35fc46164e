using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <summary>
/// A grain whose work is one loop that goes on until what it is about has ended. The loop runs on the pool's threads, so that the grain
/// answers meanwhile; a reminder starts it again where its silo died. All that counts stands in the database.
/// </summary>
internal abstract class LoopGrain : Grain, IRemindable
{
    private const string GoOn = "go on";

    // The shortest that reminders take; the overseer is quicker.
    private static readonly TimeSpan Reminded = TimeSpan.FromMinutes(1);

    private readonly ThisSilo _silo;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private Task? _run;

    protected LoopGrain(string kind, ThisSilo silo, GrainCounts counts, IGrainContext context, ILogger log)
    {
        (_silo, _log) = (silo, log);
        counts.Follow(kind, context);
    }

    protected bool IsRunning => _run is { IsCompleted: false };

    /// <returns>Whether it has ended; false where it was stopped before.</returns>
    protected abstract Task<bool> RunAsync(CancellationToken stop);

    /// <summary>Starts the loop; nothing where it runs.</summary>
    protected async Task GoOnAsync()
    {
        if (IsRunning || _stop.IsCancellationRequested) return;
        DelayDeactivation(Timeout.InfiniteTimeSpan);
        _run = RunToEndAsync();
        await RemindAsync();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => GoOnAsync();

    private async Task RunToEndAsync()
    {
        // Where no silo stays it may run on one that leaves, until that one's end.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _silo.Leaves ? CancellationToken.None : _silo.Leaving);
        try
        {
            if (await Task.Run(() => RunAsync(stop.Token), CancellationToken.None)) await ForgetAsync();
        }
        catch (Exception e)
        {
            _log.LogError("{Grain} broke off with {Error}; it is started again in a moment.", this.GetGrainId(), e.GetType().Name);
        }

        DeactivateOnIdle();
    }

    /// <summary>Where that fails, the overseer still looks after it.</summary>
    private async Task RemindAsync()
    {
        try
        {
            await this.RegisterOrUpdateReminder(GoOn, Reminded, Reminded);
        }
        catch (Exception e)
        {
            _log.LogWarning("No reminder for {Grain}: {Error}.", this.GetGrainId(), e.GetType().Name);
        }
    }

    /// <summary>Where that fails, the reminder finds that all is done, and is forgotten then.</summary>
    private async Task ForgetAsync()
    {
        try
        {
            if (await this.GetReminder(GoOn) is { } reminder) await this.UnregisterReminder(reminder);
        }
        catch (Exception e)
        {
            _log.LogWarning("The reminder of {Grain} stays for now: {Error}.", this.GetGrainId(), e.GetType().Name);
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        if (_run is not { } run) return;
        await run.WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
