using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>One run of the layers over new tokens, and what is wanted of it.</summary>
internal sealed record TorchPass
{
    /// <summary>Every token in one of them, in their order.</summary>
    public required IReadOnlyList<IAttentionGroup> Groups { get; init; }

    /// <summary>(tokens)</summary>
    public required int[] Positions { get; init; }

    /// <summary>The last layer goes on with the end tokens alone, because nothing else is read.</summary>
    public bool EndsOnly { get; init; }

    /// <summary>Groups keep the end tokens' attention rows of the last layer.</summary>
    public bool EndAttention { get; init; }

    /// <summary>Two tokens of each text: reading the weights takes the time, and what is computed between them may be float32 at no cost.</summary>
    public bool Refines { get; init; }

    /// <summary>Gets the layer and its value vectors. (tokens, kvHeads * headDim)</summary>
    public Action<int, Tensor>? LayerValues { get; init; }

    /// <summary>Gets the layer and its attention outputs after W_O at the end tokens. (texts, hidden)</summary>
    public Action<int, Tensor>? AttentionOutputs { get; init; }

    public long[] EndTokens => [.. Groups.SelectMany(group => group.EndTokens)];
}
