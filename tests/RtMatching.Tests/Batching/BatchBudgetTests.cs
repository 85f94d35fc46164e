using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Batching;

public class BatchBudgetTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5000, 5000)]
    [InlineData(int.MaxValue, 65536)]
    [InlineData(0, 1)]
    public void A_device_of_its_own_decides_within_what_others_can_wait_for(int fits, int budget)
    {
        var model = Model(new ScriptedDecoder { BatchTokens = fits });
        Assert.All(Enum.GetValues<EnginePriority>(), priority => Assert.Equal(budget, BatchBudget.Of(model, priority)));
    }

    [Fact]
    public void A_large_model_has_shorter_batches_on_a_device()
    {
        // The 8B of Qwen3-Embedding, 7 billion weights in its layers: half a second's work of a fast card.
        var config = new ScriptedDecoder().Config with { Layers = 36, Hidden = 4096, FeedForward = 12288, Heads = 32, KeyValueHeads = 8, HeadDim = 128 };
        Assert.InRange(BatchBudget.MostOnDevice(config), 18_000, 22_000);
        Assert.Equal(4096, BatchBudget.MostOnDevice(config with { Layers = 1000 }));
    }

    [Fact]
    public void What_waits_is_enough_for_every_device_and_bounded()
    {
        var settings = new EngineSettings();
        Assert.Equal((1024, 1L << 20), Bounds(settings, 2048));
        Assert.Equal((32768, 2L * 8 * 65536 * 5), Bounds(settings, 8 * 65536));
        Assert.Equal((65536, 1L << 25), Bounds(settings, long.MaxValue / 100));
        Assert.Equal((7, 99), Bounds(settings with { BackgroundTexts = 7, BackgroundCharacters = 99 }, 8 * 65536));
    }

    private static (int, long) Bounds(EngineSettings settings, long tokens)
    {
        var room = LineRoom.ForBackground(settings, tokens);
        return (room.MostTexts, room.MostCharacters);
    }

    private static LanguageModel Model(ScriptedDecoder decoder) => new("scripted", "00", new ByteTokenizer(), decoder);
}
