using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>One kind of forward, which feeds all of its readings: the union of what they capture, as many passes as the longest wants.</summary>
internal sealed class SharedForward
{
    private readonly RefinedThought _refinement;
    private readonly Capture _capture;
    private readonly MemorySource _memory;

    public SharedForward(IReadOnlyList<Reading> readings)
    {
        Readings = readings;
        var refined = readings.FirstOrDefault(reading => reading.Memory is not null);     // all that are have the same memory
        _memory = refined?.Memory!.Source ?? default;
        _refinement = new RefinedThought([.. readings.Select(reading => reading.Passes)]) { Scaling = refined?.Scaling };
        _capture = readings.Aggregate(_refinement.Capture, (capture, reading) => capture | reading.Options.Pooling.Capture());
    }

    public IReadOnlyList<Reading> Readings { get; }

    /// <summary>All passes over one batch. One at a time on a model: it uses every core.</summary>
    /// <param name="model">Where it is run: the model that the readings were made for, or a replica.</param>
    /// <param name="rows">Of this forward and of one head.</param>
    /// <returns>What each row's readings keep. (rows, readings)</returns>
    public IReadOnlyList<RefinedPass>[][] Run(LanguageModel model, ForwardRow[] rows, CancellationToken cancellation)
    {
        var packed = new PackedBatch([.. rows.Select(row => row.Sequence.Ids)]);
        var prefix = rows[0].Sequence.Head is { } head ? model.Prefixes.Of(head, cancellation) : null;
        using var state = model.Decoder.Prefill(packed, _capture, _memory, prefix, cancellation);
        var passes = _refinement.Run(state, cancellation);
        return [.. rows.Select((row, r) => Readings.Select((reading, i) => reading.Kept(passes[i][r], row.Sequence.Run)).ToArray())];
    }
}

/// <summary>A text's sequence on its way through a forward.</summary>
/// <param name="Text">Its index in the window.</param>
/// <param name="IsFirst">The text is counted here; its other rows are the same text again.</param>
internal sealed record ForwardRow(int Text, bool IsFirst, SharedForward Forward, TextSequence Sequence);
