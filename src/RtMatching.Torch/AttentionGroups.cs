using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>Tokens of a forward whose attention is computed in one call: those of texts of similar length.</summary>
internal interface IAttentionGroup
{
    /// <summary>Of the forward's tokens, those from here on belong to it.</summary>
    int FirstToken { get; }

    int Tokens { get; }

    /// <summary>Where the end tokens stand among the forward's. (texts)</summary>
    IReadOnlyList<long> EndTokens { get; }

    /// <summary>What the new tokens attend to in a layer: their own keys and values, after those of earlier tokens that the group keeps.</summary>
    /// <param name="keys">(tokens, kvHeads, headDim), and so are <paramref name="values"/>.</param>
    /// <returns>(texts, kvHeads, positions, headDim), twice</returns>
    (Tensor Keys, Tensor Values) Place(int layer, Tensor keys, Tensor values);

    /// <param name="queries">(tokens, heads, headDim)</param>
    /// <returns>(tokens, heads * headDim)</returns>
    Tensor Attend(Tensor queries, Tensor keys, Tensor values);

    /// <param name="queries">The end tokens'. (texts, heads, headDim)</param>
    /// <returns>(texts, heads * headDim)</returns>
    Tensor AttendEnds(Tensor queries, Tensor keys, Tensor values);

    /// <summary>The attention rows of the end tokens, computed apart because the fused attention gives none. Kept by the group.</summary>
    /// <param name="queries">(texts, heads, headDim)</param>
    void KeepEndAttention(Tensor queries, Tensor keys);
}

/// <summary>Attention where few tokens of a text ask: no copies of KV heads, since a group of query heads are more queries of one head.</summary>
internal static class FewQueries
{
    /// <param name="queries">(texts, queries, heads, headDim)</param>
    /// <param name="keys">(texts, kvHeads, positions, headDim), and so are <paramref name="values"/>.</param>
    /// <param name="mask">See <see cref="Mask"/>.</param>
    /// <returns>(texts * queries, heads * headDim)</returns>
    public static Tensor Attend(Tensor queries, Tensor keys, Tensor values, Tensor mask)
    {
        var (texts, count, heads, headDim) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3]);
        var (kvHeads, group) = (keys.shape[1], heads / keys.shape[1]);
        var grouped = queries.unflatten(2, kvHeads, group).permute(0, 2, 3, 1, 4).reshape(texts, kvHeads, group * count, headDim);
        var context = torch.nn.functional.scaled_dot_product_attention(grouped, keys, values, mask);
        return context.view(texts, kvHeads, group, count, headDim).permute(0, 3, 1, 2, 4).reshape(texts * count, heads * headDim);
    }

    /// <summary>What is added to the scores: 0 where a query sees a position, else minus infinity.</summary>
    /// <param name="last">The last position that each query sees. (texts, queries)</param>
    /// <param name="group">Query heads that share a KV head.</param>
    /// <returns>(texts, 1, group * queries, positions)</returns>
    public static Tensor Mask(Tensor last, long positions, long group, torch.ScalarType precision)
    {
        var hidden = Visible(last.repeat(1, group), positions).logical_not().unsqueeze(1);
        return torch.zeros(hidden.shape, precision, last.device).masked_fill_(hidden, TorchScalars.MinusInfinity);
    }

    /// <summary>Softmax of one query's scores, in float32.</summary>
    /// <param name="queries">(texts, heads, headDim)</param>
    /// <param name="last">(texts, 1)</param>
    /// <param name="head">One query head; null is the mean over all.</param>
    /// <returns>(texts, positions), 0 where a position is not seen</returns>
    public static Tensor Weights(Tensor queries, Tensor keys, Tensor last, int? head)
    {
        var (texts, heads, headDim) = (queries.shape[0], queries.shape[1], queries.shape[2]);
        var (kvHeads, positions) = (keys.shape[1], keys.shape[2]);
        var grouped = queries.view(texts, kvHeads, heads / kvHeads, headDim).to(torch.ScalarType.Float32);
        using Scalar scale = 1 / MathF.Sqrt(headDim);
        var scores = grouped.matmul(keys.to(torch.ScalarType.Float32).transpose(2, 3)).mul_(scale);
        var hidden = Visible(last, positions).logical_not().unsqueeze(1);
        var weights = scores.masked_fill_(hidden, TorchScalars.MinusInfinity).softmax(-1).view(texts, heads, positions);
        return head is { } one ? weights.select(1, one).contiguous() : weights.mean([1]);
    }

    /// <returns>(texts, queries, positions)</returns>
    public static Tensor Visible(Tensor last, long positions) =>
        Positions(positions, last.device).le(last.unsqueeze(-1));

    /// <summary>0, 1, ... (count)</summary>
    public static Tensor Positions(long count, torch.Device device)
    {
        using Scalar end = count;
        return torch.arange(TorchScalars.Zero, end, TorchScalars.One, device: device);
    }
}
