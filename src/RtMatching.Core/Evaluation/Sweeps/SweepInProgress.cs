using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Evaluation;

/// <summary>What one configuration has so far, and where in the cache it comes from and goes to.</summary>
internal sealed class SweepInProgress(SweepConfiguration configuration, LabelledTask task) : IDisposable
{
    private readonly SweptText?[] _texts = new SweptText?[task.Texts.Count];
    private readonly Dictionary<RefinedSide, CachedEmbeddings> _cached = [];
    private TimeSpan _elapsed;
    private long _computedTokens;

    public EmbeddingOptions Options(RefinedSide side) => configuration.For(side);

    public bool Lacks(int text) => _texts[text] is null;

    /// <summary>Takes from the cache what it has.</summary>
    public void Load(EmbeddingCache cache, LanguageModel model, CancellationToken cancellation)
    {
        foreach (var side in task.Texts.Select(text => text.Side).Distinct()) _cached[side] = cache.Open(model, configuration.For(side));
        for (var text = 0; text < _texts.Length; text++)
        {
            cancellation.ThrowIfCancellationRequested();
            _texts[text] = _cached[task.Texts[text].Side].Find(task.Texts[text].Text);
        }
    }

    public void Put(int text, TextEmbedding embedding)
    {
        var traces = embedding.Passes.Select(pass => pass.Trace).OfType<Inference.Refinement.PassTrace>();
        var swept = new SweptText(embedding.Tokens, embedding.Truncated, [.. embedding.Passes.Select(pass => pass.Vector)], [.. traces]);
        _texts[text] = swept;
        _computedTokens += embedding.Tokens;
        if (_cached.TryGetValue(task.Texts[text].Side, out var cached)) cached.Add(task.Texts[text].Text, swept);
    }

    public void Count(TimeSpan elapsed) => _elapsed += elapsed;

    public Sweep Done() => new(configuration.Name, [.. _texts.Select(text => text!)], _elapsed, _computedTokens);

    public void Dispose()
    {
        foreach (var cached in _cached.Values) cached.Dispose();
    }
}
