using System.Runtime.InteropServices;

namespace RtMatching.Server.Commands;

/// <summary>The first Ctrl+C or SIGTERM stops the server in order, which the host sees to; the second one ends it at once.</summary>
internal sealed class SecondSignal : IDisposable
{
    private const int Interrupted = 130;        // 128 + SIGINT, as shells tell it

    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    public SecondSignal() => _registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGINT, Count), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count)];

    private void Count(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1) Environment.Exit(Interrupted);     // leases run out by themselves
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }
}
