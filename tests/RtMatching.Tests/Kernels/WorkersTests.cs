using RtMatching.Inference.Kernels;

namespace RtMatching.Tests.Kernels;

public class WorkersTests
{
    [Theory]
    [InlineData(1, 10)]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(4, 1000)]
    public void Every_item_runs_once_and_no_worker_runs_two_at_a_time(int degree, int items)
    {
        var (runs, busy, clashes) = (new int[items], new int[degree], 0);
        new Workers(degree).For(items, (worker, item) =>
        {
            if (Interlocked.Increment(ref busy[worker]) != 1) Interlocked.Increment(ref clashes);
            Interlocked.Increment(ref runs[item]);
            Interlocked.Decrement(ref busy[worker]);
        });
        Assert.All(runs, run => Assert.Equal(1, run));
        Assert.Equal(0, clashes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_an_item_throws_reaches_the_caller_as_it_is(int degree) =>
        Assert.Throws<InvalidDataException>(() => new Workers(degree).For(8, (_, item) =>
        {
            if (item == 3) throw new InvalidDataException();
        }));

    [Fact]
    public void At_least_one_worker_is_needed() => Assert.Throws<ArgumentOutOfRangeException>(() => new Workers(0));
}
