using TorchSharp;

namespace RtMatching.Torch;

/// <summary>
/// Numbers that libtorch's operators are given. Of a plain number TorchSharp makes an object for the one call and hands over its pointer alone:
/// a garbage collection meanwhile frees it, and the call fails or, worse, goes on with whatever took its place. These are never collected.
/// </summary>
internal static class TorchScalars
{
    public static readonly Scalar Zero = 0;
    public static readonly Scalar One = 1;
    public static readonly Scalar MinusOne = -1;
    public static readonly Scalar MinusInfinity = float.NegativeInfinity;
}
