using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

/// <summary>The corpus's embedding, counted.</summary>
internal sealed class CountedEmbedding
{
    private int _texts;

    /// <summary>Embedded so far.</summary>
    public int Texts => _texts;

    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation)
    {
        Interlocked.Add(ref _texts, texts.Count);
        return Corpus.EmbedAsync(texts, kind, cancellation);
    }
}
