using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>How a figure is spread over texts.</summary>
public sealed record Spread(double Mean, double LowerQuartile, double Median, double UpperQuartile)
{
    /// <summary>Quartiles by linear interpolation between the two nearest values; all zero of nothing.</summary>
    public static Spread Of(IEnumerable<float> values)
    {
        var sorted = values.Select(value => (double)value).ToArray();
        if (sorted.Length == 0) return new Spread(0, 0, 0, 0);
        Array.Sort(sorted);
        return new Spread(sorted.Average(), Quantiles.Of(sorted, 0.25), Quantiles.Of(sorted, 0.5), Quantiles.Of(sorted, 0.75));
    }
}

/// <summary>One pass over many texts.</summary>
/// <param name="Texts">Those that took it.</param>
/// <param name="Stopped">Texts whose relative change had fallen below the threshold in this pass or one before.</param>
/// <param name="Cosine">Between this pass's embedding and the one before.</param>
public sealed record PassStatistics(
    int K, int Texts, int Stopped, Spread Cosine, Spread RelativeChange, Spread SecondChange, Spread AttentionEntropy,
    Spread FirstTokenShare, Spread MemoryShare, Spread EndShare);

/// <summary>Gathers the traces of many texts, pass by pass: a few numbers for each text and pass are kept, and no text.</summary>
/// <param name="threshold">Below this relative change an embedding counts as one that has stopped moving.</param>
public sealed class TraceStatistics(float threshold)
{
    private readonly List<List<Row>> _passes = [];
    private readonly List<int> _stopped = [];     // (passes): texts whose first small change was in this pass

    public int Texts { get; private set; }

    public int Truncated { get; private set; }

    public long Tokens { get; private set; }

    public void Add(TracedText text)
    {
        Texts++;
        Tokens += text.Tokens.Count;
        if (text.Truncated) Truncated++;
        var moving = true;
        for (var k = 1; k <= text.Passes.Count; k++)
        {
            if (_passes.Count < k)
            {
                _passes.Add([]);
                _stopped.Add(0);
            }

            var pass = text.Passes[k - 1];
            _passes[k - 1].Add(new Row(pass.Trace, pass.MemoryShare, pass.EndShare));
            if (!moving || k == 1 || !(pass.Trace.RelativeChange < threshold)) continue;
            moving = false;
            _stopped[k - 1]++;
        }
    }

    /// <summary>Pass 1 first.</summary>
    public IReadOnlyList<PassStatistics> Passes => [.. _passes.Select((rows, i) => new PassStatistics(
        i + 1, rows.Count, _stopped.Take(i + 1).Sum(),
        Spread.Of(rows.Select(row => row.Trace.Cosine)), Spread.Of(rows.Select(row => row.Trace.RelativeChange)),
        Spread.Of(rows.Select(row => row.Trace.SecondChange)), Spread.Of(rows.Select(row => row.Trace.AttentionEntropy)),
        Spread.Of(rows.Select(row => row.Trace.FirstTokenShare)), Spread.Of(rows.Select(row => row.MemoryShare)), Spread.Of(rows.Select(row => row.EndShare))))];

    private readonly record struct Row(PassTrace Trace, float MemoryShare, float EndShare);
}
