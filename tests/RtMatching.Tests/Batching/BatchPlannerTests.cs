using FsCheck;
using FsCheck.Fluent;
using RtMatching.Inference.Batching;

namespace RtMatching.Tests.Batching;

public class BatchPlannerTests
{
    private const int Budget = 100;

    private static readonly Arbitrary<int[]> Lengths = Gen.Choose(1, 130).ArrayOf().ToArbitrary();

    [Fact]
    public void Every_text_is_in_exactly_one_batch() => Holds((lengths, batches) =>
        batches.SelectMany(batch => batch).Order().SequenceEqual(Enumerable.Range(0, lengths.Length)));

    [Fact]
    public void No_batch_is_over_the_budget_except_a_text_by_itself() => Holds((lengths, batches) =>
        batches.All(batch => batch.Length == 1 || batch.Sum(text => lengths[text]) <= Budget));

    [Fact]
    public void The_longest_come_first_and_equals_keep_their_order() => Holds((lengths, batches) =>
    {
        var order = batches.SelectMany(batch => batch).ToArray();
        return order.Zip(order.Skip(1)).All(pair =>
            lengths[pair.First] > lengths[pair.Second] || (lengths[pair.First] == lengths[pair.Second] && pair.First < pair.Second));
    });

    [Fact]
    public void A_batch_ends_only_where_the_next_text_would_not_fit() => Holds((lengths, batches) =>
        batches.Zip(batches.Skip(1)).All(pair => pair.First.Sum(text => lengths[text]) + lengths[pair.Second[0]] > Budget));

    [Fact]
    public void A_budget_below_one_token_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchPlanner.Plan([1], 0));

    private static void Holds(Func<int[], IReadOnlyList<int[]>, bool> law) =>
        Check.QuickThrowOnFailure(Prop.ForAll(Lengths, lengths => law(lengths, BatchPlanner.Plan(lengths, Budget))));
}
