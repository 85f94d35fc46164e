using RtMatching.Core.Matching;

namespace RtMatching.Tests.Matching;

public class FusedRankingTests
{
    [Fact]
    public void Scores_never_rise_and_nobody_is_lost_below_the_places_that_fusion_looks_at()
    {
        var dense = Enumerable.Range(0, 500).Select(i => new DenseHit($"d{i}", 1 - i / 1000.0)).ToList();
        var text = Enumerable.Range(0, Ranking.FusionDepth).Select(i => new TextHit(i % 2 == 0 ? $"d{i * 2}" : $"t{i}", 100 - i)).ToList();
        var places = Ranking.Fuse(dense, text);

        Assert.Equal(dense.Select(hit => hit.Content).Union(text.Select(hit => hit.Content)).Order(), places.Select(place => place.Content).Order());
        Assert.Equal(places.Select(place => place.Score).OrderDescending(), places.Select(place => place.Score));
    }

    [Fact]
    public void A_deeper_page_continues_an_earlier_one()
    {
        var dense = Enumerable.Range(0, 500).Select(i => new DenseHit($"d{i}", 1 - i / 1000.0)).ToList();
        var text = Enumerable.Range(0, Ranking.FusionDepth).Select(i => new TextHit($"d{i * 2}", 100 - i)).ToList();
        var shallow = Ranking.Fuse([.. dense.Take(Ranking.FusionDepth)], text);
        var deep = Ranking.Fuse(dense, text);

        Assert.Equal(shallow.Select(place => place.Content), deep.Take(shallow.Count).Select(place => place.Content));
    }
}
