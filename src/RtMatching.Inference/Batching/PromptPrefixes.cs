using RtMatching.Inference.Model;

namespace RtMatching.Inference.Batching;

/// <summary>
/// What a model's prompts begin with, run once for all texts and calls. Bounded: an instruction is part of what is kept and may come from
/// anyone, so the longest unused make room. Not thread-safe: the model's gate lets one in at a time.
/// </summary>
/// <param name="decoder">Not owned.</param>
/// <param name="maxTokens">In all prefixes; null for what takes <see cref="MaxBytes"/>.</param>
internal sealed class PromptPrefixes(IDecoder decoder, long? maxTokens = null) : IDisposable
{
    /// <summary>Of keys and values: 910 tokens of an 8B model (36 layers, 8 KV heads of 128), more than MetaEOL's heads in one language.</summary>
    private const long MaxBytes = 1L << 28;

    private readonly LinkedList<IPromptPrefix> _prefixes = [];     // the last used first

    /// <summary>Valid until the next call.</summary>
    public IPromptPrefix Of(int[] ids, CancellationToken cancellation)
    {
        var node = _prefixes.First;
        while (node is not null && !node.Value.Ids.SequenceEqual(ids)) node = node.Next;
        if (node is null) node = new LinkedListNode<IPromptPrefix>(decoder.Prefix(ids, cancellation));
        else _prefixes.Remove(node);
        _prefixes.AddFirst(node);
        MakeRoom();
        return node.Value;
    }

    /// <summary>Gives back what they hold; they are run again where they are needed again.</summary>
    public void Clear()
    {
        foreach (var prefix in _prefixes) prefix.Dispose();
        _prefixes.Clear();
    }

    public void Dispose() => Clear();

    /// <summary>The one in use stays, however long it is.</summary>
    private void MakeRoom()
    {
        var tokens = _prefixes.Sum(prefix => (long)prefix.Ids.Length);
        while (tokens > MaxTokens && _prefixes.Count > 1)
        {
            var oldest = _prefixes.Last!.Value;
            _prefixes.RemoveLast();
            tokens -= oldest.Ids.Length;
            oldest.Dispose();
        }
    }

    private long MaxTokens => maxTokens ?? MaxBytes / (2L * sizeof(float) * decoder.Config.Layers * decoder.Config.KeyValueWidth);
}
