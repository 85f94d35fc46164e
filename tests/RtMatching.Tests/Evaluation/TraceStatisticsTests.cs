using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Tests.Evaluation;

public class TraceStatisticsTests
{
    [Fact]
    public void Means_and_quartiles_are_over_the_texts_that_took_the_pass()
    {
        var statistics = new TraceStatistics(0.03f);
        foreach (var change in new[] { 0.1f, 0.2f, 0.3f, 0.4f, 1f }) statistics.Add(Text(change));
        statistics.Add(new TracedText([new(1, "a"), new(2, "")], true, [Pass(1, 0)]));

        Assert.Equal((6, 1, 12), (statistics.Texts, statistics.Truncated, statistics.Tokens));
        Assert.Equal([6, 5], statistics.Passes.Select(pass => pass.Texts));
        var spread = statistics.Passes[1].RelativeChange;
        Assert.Equal((0.4, 0.2, 0.3, 0.4), (Math.Round(spread.Mean, 6), Math.Round(spread.LowerQuartile, 6), Math.Round(spread.Median, 6), Math.Round(spread.UpperQuartile, 6)));
        Assert.Equal(0.5, statistics.Passes[1].MemoryShare.Mean);
        Assert.Equal(0.25, statistics.Passes[1].EndShare.Mean);
    }

    [Fact]
    public void Quartiles_between_two_values_are_interpolated()
    {
        var spread = Spread.Of([1, 2, 3, 4]);
        Assert.Equal((2.5, 1.75, 2.5, 3.25), (spread.Mean, spread.LowerQuartile, spread.Median, spread.UpperQuartile));
    }

    [Fact]
    public void A_text_has_stopped_from_its_first_small_change_on_also_when_it_moves_again()
    {
        var statistics = new TraceStatistics(0.03f);
        statistics.Add(Text(0.5f, 0.01f, 0.5f, 0.01f));
        statistics.Add(Text(0.02f, 0.5f, 0.5f, 0.5f));
        statistics.Add(Text(0.5f, 0.5f, 0.5f, 0.5f));
        Assert.Equal([0, 1, 2, 2, 2], statistics.Passes.Select(pass => pass.Stopped));
    }

    private static TracedText Text(params float[] changes) =>
        new([new(1, "a"), new(2, "")], false, [Pass(1, 0), .. changes.Select((change, i) => Pass(i + 2, change))]);

    private static TracedPass Pass(int k, float change) => new(k, new PassTrace(1, change, 0, 1, 0.25f), k == 1 ? [0.25f, 0.75f] : [0.25f, 0.5f, 0.25f]);
}
