using RtMatching.Torch;

namespace RtMatching.Silo.Shutdown;

/// <summary>
/// Stops the silo when a GPU is lost to the process: every further try would fail too, and whoever watches the process starts it again. What
/// it holds is handed back first.
/// </summary>
internal sealed class LostDevice : IDisposable
{
    private readonly IHostApplicationLifetime _host;
    private DeviceLostException? _lost;

    public LostDevice(IHostApplicationLifetime host)
    {
        _host = host;
        TorchErrors.DeviceLost += Stop;
    }

    /// <exception cref="DeviceLostException">One was lost: that is why the silo ended.</exception>
    public void ThrowIfAny()
    {
        if (_lost is not null) throw _lost;
    }

    private void Stop(DeviceLostException lost)
    {
        _lost = lost;
        _host.StopApplication();
    }

    public void Dispose() => TorchErrors.DeviceLost -= Stop;
}
