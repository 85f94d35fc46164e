namespace RtMatching.Inference.Tokenizer;

/// <summary>Turns text into the ids of a model's vocabulary.</summary>
/// <remarks>Implementations are safe to call from many threads at once.</remarks>
public interface ITokenizer
{
    /// <summary>One more than the largest id that <see cref="Encode"/> can give.</summary>
    int VocabularySize { get; }

    /// <summary>What the model's own post-processor puts before every text; often nothing.</summary>
    IReadOnlyList<int> PrefixIds { get; }

    /// <summary>What the model's own post-processor puts after every text (Qwen3-Embedding: its end token); often nothing.</summary>
    IReadOnlyList<int> SuffixIds { get; }

    /// <summary>The ids of <paramref name="text"/>, without <see cref="PrefixIds"/> and <see cref="SuffixIds"/>.</summary>
    /// <remarks>Added tokens written out in the text become their ids, as in the model's reference tokenizer.</remarks>
    int[] Encode(string text);

    /// <summary>The text of <paramref name="ids"/>; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids);
}
