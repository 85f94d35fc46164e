using RtMatching.Inference.Kernels;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>The managed engine's tables of rotary position embedding, on the device, in float32.</summary>
internal sealed class RotaryTensors(int headDim, float theta, torch.Device device) : IDisposable
{
    private readonly RotaryTable _table = new(headDim, theta);
    private readonly Lock _growth = new();
    private (Tensor Cos, Tensor Sin)? _tables;

    /// <summary>Cosines, twice over, and sines of each position.</summary>
    /// <param name="positions">(tokens), on the device.</param>
    /// <param name="end">One more than the largest of them.</param>
    /// <returns>(tokens, 1, headDim) and (tokens, 1, headDim / 2), of the caller's scope.</returns>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, int end)
    {
        lock (_growth)
        {
            if (_tables is null || _tables.Value.Cos.shape[0] < end) Grow(end);
            var (cos, sin) = _tables!.Value;
            return (cos.index_select(0, positions), sin.index_select(0, positions));
        }
    }

    public void Dispose()
    {
        _tables?.Cos.Dispose();
        _tables?.Sin.Dispose();
    }

    private void Grow(int end)
    {
        using var scope = torch.NewDisposeScope();
        var (cos, sin) = _table.For(end);
        var half = headDim / 2;
        var (c, s) = (OnDevice(cos), OnDevice(sin));
        Dispose();
        _tables = (torch.cat([c, c], 2).DetachFromDisposeScope(), s.DetachFromDisposeScope());

        Tensor OnDevice(float[] angles) => torch.tensor(angles, [angles.Length / half, 1, half], device: device);
    }
}
