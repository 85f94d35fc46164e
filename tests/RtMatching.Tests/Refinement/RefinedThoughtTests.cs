using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

public class RefinedThoughtTests
{
    private static readonly int[][] Texts = [[5, 6, 2], [7, 2], [8, 9, 10, 2]];
    private static readonly ReadOut EndState = (state, row, vector) => state.EndState(row).CopyTo(vector);

    [Fact]
    public void Every_pass_of_every_text_comes_back_in_order()
    {
        var (_, passes) = Run(Refinement(4));

        for (var text = 0; text < Texts.Length; text++)
        {
            Assert.Equal([1, 2, 3, 4], passes[text].Select(pass => pass.K));
            foreach (var pass in passes[text]) Assert.Equal(ScriptedDecoder.Vector(Texts[text], pass.K, 8), pass.State);
        }
    }

    [Fact]
    public void A_pass_is_fed_the_memory_of_the_pass_before_for_the_whole_batch_at_once()
    {
        var (decoder, _) = Run(Refinement(3));

        Assert.Equal(2, decoder.Refinements.Count);
        for (var pass = 1; pass <= 2; pass++)
        {
            Assert.Equal([0, 1, 2], decoder.Refinements[pass - 1].Rows);
            Assert.Equal(Texts.SelectMany(ids => ScriptedDecoder.Vector(ids, 1000 + pass, 8)), decoder.Refinements[pass - 1].Memory);
        }
    }

    [Fact]
    public void A_stopped_text_is_left_alone_while_the_others_go_on()
    {
        var stops = new Queue<bool>([false, true, false, true, false]);   // after pass 1: text 1 stops; after pass 2: text 0
        var (decoder, passes) = Run(Refinement(4, new ScriptedStop(() => stops.Count > 0 && stops.Dequeue())));

        Assert.Equal([2, 1, 4], passes.Select(text => text.Count));
        Assert.Equal([[0, 2], [2], [2]], decoder.Refinements.Select(refinement => refinement.Rows));
    }

    [Fact]
    public void Nothing_runs_once_every_text_has_stopped()
    {
        var passesSeen = 0;
        var (decoder, passes) = Run(Refinement(9, new ScriptedStop(() => ++passesSeen > Texts.Length)));


        Assert.All(passes, text => Assert.Equal(2, text.Count));
        Assert.Single(decoder.Refinements);
    }

    [Fact]
    public void A_single_pass_asks_for_no_cache_and_traces_nothing()
    {
        Assert.Equal(Capture.None, Refinement(1).Capture);
        Assert.Equal(Capture.Refinement, Refinement(2).Capture);

        var (decoder, passes) = Run(Refinement(1));
        Assert.Empty(decoder.Refinements);
        Assert.All(passes, text => Assert.Null(Assert.Single(text).Trace));
    }

    [Fact]
    public void No_pass_at_all_is_refused() =>
        Assert.Contains("at least one pass", Assert.Throws<ArgumentOutOfRangeException>(() => Refinement(0)).Message);

    [Fact]
    public void The_trace_says_how_far_the_state_moved()
    {
        var first = PassTrace.Of([3, 4], [], [0.25f, 0.75f]);
        var second = PassTrace.Of([4, 3], [[3, 4]], [0.5f, 0, 0.5f]);

        Assert.Equal((1f, 0f, 0.25f), (first.Cosine, first.RelativeChange, first.FirstTokenShare));
        Assert.Equal(0.5623f, first.AttentionEntropy, 4);               // -(0.25 ln 0.25 + 0.75 ln 0.75)
        Assert.Equal(24f / 25, second.Cosine, 6);
        Assert.Equal(MathF.Sqrt(2) / 5, second.RelativeChange, 6);
        Assert.Equal(MathF.Log(2), second.AttentionEntropy, 6);         // a share of zero adds nothing
        Assert.Equal(0.5f, second.FirstTokenShare);
    }

    private sealed record ScriptedStop(Func<bool> Answer) : StopRule
    {
        public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) => Answer();
    }

    private static RefinedThought Refinement(int passes, StopRule? stop = null) => new(new PassReading(passes, 8, EndState, stop));

    private static (ScriptedDecoder Decoder, IReadOnlyList<RefinedPass>[] Passes) Run(RefinedThought refinement)
    {
        var decoder = new ScriptedDecoder();
        using var state = decoder.Prefill(new PackedBatch(Texts), refinement.Capture);
        return (decoder, refinement.Run(state)[0]);
    }
}
