using RtMatching.Inference.Batching;

namespace RtMatching.Inference.Model;

/// <summary>What every decoder refuses, in the same words, and what it need not run.</summary>
internal static class DecoderChecks
{
    /// <exception cref="ArgumentException">The numbers contradict each other.</exception>
    public static void Check(this ModelConfig config)
    {
        (string Name, int Value)[] sizes =
        [
            ("layers", config.Layers), ("hidden size", config.Hidden), ("feed-forward size", config.FeedForward), ("heads", config.Heads),
            ("KV heads", config.KeyValueHeads), ("head size", config.HeadDim), ("vocabulary", config.Vocabulary), ("window", config.Window),
        ];
        foreach (var (name, value) in sizes)
        {
            if (value <= 0) throw new ArgumentException($"The model config's {name} is {value}; it must be positive.", nameof(config));
        }

        if (config.Heads % config.KeyValueHeads != 0)
            throw new ArgumentException($"{config.Heads} heads cannot share {config.KeyValueHeads} KV heads evenly.", nameof(config));
        if (config.HeadDim % 2 != 0)
            throw new ArgumentException($"Head size {config.HeadDim} is odd; rotary embedding needs pairs.", nameof(config));
        if ((long)config.Heads * config.HeadDim > int.MaxValue / 2)
            throw new ArgumentException($"{config.Heads} heads of {config.HeadDim} are too wide.", nameof(config));
    }

    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary, or a text does not fit the window.</exception>
    public static void Check(this ModelConfig config, PackedBatch batch, Capture capture)
    {
        var refining = capture.HasFlag(Capture.Refinement);
        var window = refining ? config.Window - 1 : config.Window;
        for (var row = 0; row < batch.Rows; row++)
        {
            if (batch.Length(row) <= window) continue;
            throw new ArgumentOutOfRangeException(
                nameof(batch),
                batch.Length(row),
                $"Text {row} has {batch.Length(row)} tokens, but the window leaves room for {window}" +
                (refining ? $" ({config.Window} less one for the memory token)" : "") + "; cut it there.");
        }

        foreach (var id in batch.Ids) config.CheckId(id, nameof(batch));
    }

    /// <exception cref="ArgumentOutOfRangeException">It is longer than the window, or an id is outside the vocabulary.</exception>
    public static void CheckPrefix(this ModelConfig config, ReadOnlySpan<int> ids)
    {
        if (ids.Length > config.Window)
            throw new ArgumentOutOfRangeException(nameof(ids), ids.Length, $"A prefix of {ids.Length} tokens is longer than the window of {config.Window}.");
        foreach (var id in ids) config.CheckId(id, nameof(ids));
    }

    public static void CheckId(this ModelConfig config, int id, string parameter)
    {
        if ((uint)id < (uint)config.Vocabulary) return;
        throw new ArgumentOutOfRangeException(
            parameter, id, $"Token id {id} is outside the model's vocabulary of {config.Vocabulary}; is the tokenizer another model's?");
    }

    public static void CheckHead(this ModelConfig config, int? head)
    {
        if (head is not { } asked || (uint)asked < (uint)config.Heads) return;
        throw new ArgumentOutOfRangeException(
            nameof(MemorySource.Head), asked, $"The model has no query head {asked}; its heads are 0 to {config.Heads - 1}.");
    }

    /// <summary>The decoder's own prefix.</summary>
    /// <exception cref="ArgumentException">Of another decoder, or with captures that need the states of the tokens it spares.</exception>
    public static TPrefix? Own<TPrefix>(IPromptPrefix? prefix, Capture capture, Func<TPrefix, bool> isOwn) where TPrefix : class, IPromptPrefix
    {
        if (prefix is null) return null;
        if (capture != Capture.None)
            throw new ArgumentException($"A prefix spares tokens whose states Capture.{capture} would need; prefill without it.", nameof(prefix));
        return prefix is TPrefix own && isOwn(own)
            ? own
            : throw new ArgumentException("The prefix was computed by another decoder; compute it with this one.", nameof(prefix));
    }

    /// <summary>How many tokens of a text need not be run: those that it shares with the prefix, but for its last one, which is read.</summary>
    public static int Spared(this IPromptPrefix prefix, ReadOnlySpan<int> text) => Math.Min(text.CommonPrefixLength(prefix.Ids), text.Length - 1);

    public static int CheckRow(this IDecoderState state, int row) =>
        (uint)row < (uint)state.Rows ? row : throw new ArgumentOutOfRangeException(nameof(row), row, $"The batch has {state.Rows} texts.");

    public static int CheckPosition(this IDecoderState state, int row, int position) =>
        (uint)position < (uint)state.Tokens(row)
            ? position
            : throw new ArgumentOutOfRangeException(nameof(position), position, $"Text {row} has {state.Tokens(row)} tokens.");

    public static int CheckLayer(this ModelConfig config, int layer) =>
        (uint)layer < (uint)config.Layers
            ? layer
            : throw new ArgumentOutOfRangeException(nameof(layer), layer, $"The model has {config.Layers} layers.");

    /// <exception cref="ArgumentException">A text is named twice, or there are not as many memories as texts.</exception>
    public static void CheckMemories(this IDecoderState state, ReadOnlySpan<int> rows, int memoryLength, int hidden)
    {
        var seen = new HashSet<int>(rows.Length);
        foreach (var row in rows)
        {
            if (!seen.Add(state.CheckRow(row))) throw new ArgumentException($"Text {row} is named twice.", nameof(rows));
        }

        if (memoryLength != (long)rows.Length * hidden)
            throw new ArgumentException($"{rows.Length} memories of {hidden} numbers are needed, not {memoryLength} numbers.", "memory");
    }

    /// <exception cref="InvalidOperationException">It was not captured.</exception>
    public static T Captured<T>(T? value, Capture capture) where T : class =>
        value ?? throw new InvalidOperationException($"Prefill was not asked for this: pass {nameof(Capture)}.{capture} to it.");
}
