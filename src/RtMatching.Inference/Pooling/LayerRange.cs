namespace RtMatching.Inference.Pooling;

/// <summary>Layers <paramref name="First"/> to <paramref name="Last"/>, both inclusive, from 0.</summary>
public readonly record struct LayerRange(int First, int Last)
{
    public override string ToString() => $"{First}..{Last}";
}
