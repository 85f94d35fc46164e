namespace RtMatching.Server.Backend;

/// <summary>
/// A loop that runs from when the server listens until it stops: one that cannot listen, its port being taken, say, leases nothing. A
/// stopping server lets the loop finish what it has for so long, then has it hand that back.
/// </summary>
/// <param name="loop">Given two tokens: lease nothing more, and hand back at once.</param>
internal sealed class ServerLoop(
    IHostApplicationLifetime lifetime, TimeSpan shutdownTime, Func<CancellationToken, CancellationToken, Task> loop) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private Task _run = Task.CompletedTask;

    public void Start() =>
        lifetime.ApplicationStarted.Register(() => _run = Task.Run(() => loop(_stop.Token, _abort.Token), CancellationToken.None));

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        _abort.CancelAfter(shutdownTime);
        await _run;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }
}
