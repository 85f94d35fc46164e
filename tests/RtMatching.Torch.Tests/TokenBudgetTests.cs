using RtMatching.Inference.Model;

namespace RtMatching.Torch.Tests;

public class TokenBudgetTests
{
    private const long Gib = 1L << 30;

    [Fact]
    public void A_token_takes_what_the_larger_batch_took_more()
    {
        var gpu = new ScriptedGpu(room: 60 * Gib, constant: Gib, token: 2_000_000);
        var budget = gpu.Measure();

        // 15 % are kept back, and so is what the first batch takes whatever its size.
        Assert.InRange(budget.Tokens, 0.95 * (0.85 * 60 - 1) * Gib / 2_000_000, (0.85 * 60 - 1) * Gib / 2_000_000);
        Assert.True(gpu.Takes(budget.Tokens) < 60 * Gib);
    }

    [Fact]
    public void Small_tokens_are_probed_in_larger_batches_until_they_tell()
    {
        var gpu = new ScriptedGpu(room: 8 * Gib, constant: 0, token: 1_000);
        Assert.Equal(TokenBudget.Most, gpu.Measure().Tokens);
        Assert.Equal(TokenBudget.Most, gpu.Probes.Max());

        gpu = new ScriptedGpu(room: 8 * Gib, constant: 0, token: 500_000);
        gpu.Measure();
        Assert.Equal([256, 4096], gpu.Probes);
    }

    [Fact]
    public void What_did_not_fit_bounds_the_budget()
    {
        var gpu = new ScriptedGpu(room: 2 * Gib, constant: 0, token: 1_000_000);
        Assert.InRange(gpu.Measure().Tokens, 256, 2 * Gib / 1_000_000);
        Assert.Equal([256, 4096], gpu.Probes);
    }

    [Fact]
    public void A_device_too_small_for_any_batch_says_so()
    {
        var gpu = new ScriptedGpu(room: Gib, constant: 2 * Gib, token: 1);
        Assert.Throws<DeviceMemoryException>(gpu.Measure);
    }

    [Fact]
    public void A_batch_that_did_not_fit_lowers_it_and_nothing_raises_it()
    {
        var budget = new TokenBudget(10_000);
        budget.Shrink(8_000);
        Assert.Equal(6_000, budget.Tokens);
        budget.Shrink(10_000);      // of another loop's, sent before
        Assert.Equal(6_000, budget.Tokens);
        for (var times = 0; times < 100; times++) budget.Shrink(budget.Tokens);
        Assert.Equal(TokenBudget.Least, budget.Tokens);
        budget.Shrink(0);
        Assert.Equal(TokenBudget.Least, budget.Tokens);
    }

    [Fact]
    public async Task Many_at_once_leave_the_lowest()
    {
        var budget = new TokenBudget(TokenBudget.Most);
        await Task.WhenAll(Enumerable.Range(1_000, 500).Select(tokens => Task.Run(() => budget.Shrink(tokens))));
        Assert.Equal(750, budget.Tokens);
    }

    /// <summary>Keeps what its largest batch took, as libtorch does.</summary>
    private sealed class ScriptedGpu(long room, long constant, long token)
    {
        private long _taken;

        public List<int> Probes { get; } = [];

        public long Takes(int tokens) => constant + tokens * token;

        public TokenBudget Measure() => TokenBudget.Measure(() => room - _taken, Probe);

        private void Probe(int tokens)
        {
            Probes.Add(tokens);
            if (Takes(tokens) > room) throw new DeviceMemoryException("full");
            _taken = Math.Max(_taken, Takes(tokens));
        }
    }
}
