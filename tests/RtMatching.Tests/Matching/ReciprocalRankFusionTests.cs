using RtMatching.Core.Matching;

namespace RtMatching.Tests.Matching;

public class ReciprocalRankFusionTests
{
    [Fact]
    public void ScoresAreSumsOfReciprocalRanks()
    {
        var fused = ReciprocalRankFusion.Fuse<string>(StringComparer.Ordinal, [new(["a", "b", "c"], 1), new(["c", "d"], 1)]);
        Assert.Equal(["c", "a", "b", "d"], fused.Select(place => place.Key));      // c 21/23 + 1, a 1, b and d 21/22: the earlier ranking's first
        Assert.Equal(21.0 / 23 + 1, fused[0].Score, 12);
    }

    [Fact]
    public void AHeavierRankingsOrderComesFirst()
    {
        var fused = ReciprocalRankFusion.Fuse<string>(StringComparer.Ordinal, [new(["a", "b"], 1), new(["b", "c", "a"], 3)]);
        Assert.Equal(["b", "a", "c"], fused.Select(place => place.Key));
        Assert.Equal(21.0 / 22 + 3, fused[0].Score, 12);
        Assert.Equal(3 * 21.0 / 22, fused[2].Score, 12);
    }

    [Fact]
    public void FusionDependsOnNothingButTheRanks()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            string[] left = Shuffled(random), right = Shuffled(random);
            var fused = ReciprocalRankFusion.Fuse<string>(StringComparer.Ordinal, [new(left, 1), new(right, 1)]);
            Assert.Equal(left.Union(right).Order(), fused.Select(place => place.Key).Order());
            Assert.Equal(fused.Select(place => place.Score).OrderDescending(), fused.Select(place => place.Score));
            foreach (var (key, score) in fused)
            {
                var expected = new[] { left, right }.Sum(ranking => Array.IndexOf(ranking, key) is >= 0 and var i ? 21.0 / (20 + i + 1) : 0);
                Assert.Equal(expected, score, 12);
            }
        }
    }

    private static string[] Shuffled(Random random)
    {
        var keys = Enumerable.Range(0, 30).Select(i => $"k{i}").ToArray();
        random.Shuffle(keys);
        return keys[..random.Next(30)];
    }
}
