using System.Diagnostics;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Evaluation;

/// <param name="Done">Tokens of texts, each counted once for every time it is given to the model.</param>
/// <param name="Total">Of what the cache did not have.</param>
public readonly record struct SweepProgress(long Done, long Total);

/// <summary>
/// All passes of all texts of a task, for one or several configurations in one run: what shares its input shares its forward. What the
/// cache has is not computed; what is computed is in the cache before the next texts begin, so that little is lost when it is stopped.
/// </summary>
/// <param name="model">Not owned.</param>
/// <param name="cache">Null for none.</param>
public sealed class SweepRunner(LanguageModel model, EmbeddingCache? cache = null)
{
    /// <summary>Texts are embedded in portions of about so many tokens: long enough for full batches, short enough to lose little by stopping.</summary>
    private const int PortionTokens = 8192;

    private readonly TextEmbedder _embedder = new(model);

    /// <summary>Told before the first portion and after each.</summary>
    public Action<SweepProgress>? Progress { get; init; }

    /// <returns>One sweep for each configuration, in their order. The time of a run that several share is counted whole for each.</returns>
    /// <exception cref="ArgumentException">A configuration that the model cannot honour, or a text with nothing to pool.</exception>
    public IReadOnlyList<Sweep> Run(
        LabelledTask task, IReadOnlyList<SweepConfiguration> configurations, CancellationToken cancellation = default)
    {
        foreach (var configuration in configurations) configuration.Validate(model.Config);
        var sweeps = configurations.Select(configuration => new SweepInProgress(configuration, task)).ToArray();
        try
        {
            if (cache is not null)
                foreach (var sweep in sweeps) sweep.Load(cache, model, cancellation);
            Compute(task, Plan(task, sweeps, cancellation), cancellation);
            return [.. sweeps.Select(sweep => sweep.Done())];
        }
        finally
        {
            foreach (var sweep in sweeps) sweep.Dispose();
        }
    }

    private void Compute(LabelledTask task, IReadOnlyList<Portion> portions, CancellationToken cancellation)
    {
        var progress = new SweepProgress(0, portions.Sum(portion => portion.Tokens));
        Progress?.Invoke(progress);
        foreach (var portion in portions)
        {
            Compute(task, portion, cancellation);
            Progress?.Invoke(progress = progress with { Done = progress.Done + portion.Tokens });
        }
    }

    private void Compute(LabelledTask task, Portion portion, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        string[] texts = [.. portion.Texts.Select(text => task.Texts[text].Text)];
        EmbeddingOptions[] options = [.. portion.Sweeps.Select(sweep => sweep.Options(portion.Side))];
        var embeddings = _embedder.EmbedStream(texts, options, cancellation).ToList();
        foreach (var sweep in portion.Sweeps) sweep.Count(clock.Elapsed);
        for (var i = 0; i < texts.Length; i++)
            for (var sweep = 0; sweep < portion.Sweeps.Count; sweep++) portion.Sweeps[sweep].Put(portion.Texts[i], embeddings[i][sweep]);
    }

    /// <summary>What is missing, the longest texts first: texts of one side that the same sweeps lack go together.</summary>
    private List<Portion> Plan(LabelledTask task, SweepInProgress[] sweeps, CancellationToken cancellation)
    {
        var portions = new List<Portion>();
        var missing = Enumerable.Range(0, task.Texts.Count)
            .Select(text => (Index: text, task.Texts[text].Side, Lacking: string.Concat(sweeps.Select(sweep => sweep.Lacks(text) ? '1' : '0'))))
            .Where(text => text.Lacking.Contains('1'))
            .GroupBy(text => (text.Side, text.Lacking), text => text.Index);
        foreach (var group in missing)
        {
            SweepInProgress[] lacking = [.. sweeps.Where((_, i) => group.Key.Lacking[i] == '1')];
            var limit = lacking.Max(sweep => sweep.Options(group.Key.Side).MaxTokens) ?? model.Config.Window;
            var texts = group.Select(text => (Index: text, Tokens: Tokens(task.Texts[text].Text, limit, cancellation))).OrderByDescending(text => text.Tokens);
            portions.AddRange(Cut(texts).Select(cut => new Portion(group.Key.Side, lacking, cut.Texts, cut.Tokens)));
        }

        return portions;
    }

    private static IEnumerable<(int[] Texts, long Tokens)> Cut(IEnumerable<(int Index, int Tokens)> texts)
    {
        var (portion, tokens) = (new List<int>(), 0L);
        foreach (var text in texts)
        {
            portion.Add(text.Index);
            tokens += text.Tokens;
            if (tokens < PortionTokens) continue;
            yield return ([.. portion], tokens);
            portion.Clear();
            tokens = 0;
        }

        if (portion.Count > 0) yield return ([.. portion], tokens);
    }

    /// <summary>For the order and the time left; what is put around the text is not counted.</summary>
    private int Tokens(string text, int limit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Math.Min(model.Tokenizer.Encode(text).Length, Math.Min(limit, model.Config.Window));
    }

    /// <param name="Texts">Indexes among the task's.</param>
    private sealed record Portion(RefinedSide Side, IReadOnlyList<SweepInProgress> Sweeps, int[] Texts, long Tokens);
}
