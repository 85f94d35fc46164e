using RtMatching.Inference.Kernels;

namespace RtMatching.Tests.Kernels;

public class RotaryTableTests
{
    [Fact]
    public void Angles_are_exact_far_into_a_window_and_stay_when_the_table_grows()
    {
        var table = new RotaryTable(headDim: 6, theta: 1e6);
        var small = table.For(10);
        var large = table.For(30_000);
        Assert.Equal(small.Cos[..30], large.Cos[..30]);
        foreach (var position in new[] { 0, 1, 9, 4097, 29_999 })
        {
            for (var i = 0; i < 3; i++)
            {
                var angle = position * Math.Pow(1e6, -2.0 * i / 6);
                Assert.Equal(Math.Cos(angle), large.Cos[position * 3 + i], 1e-7);
                Assert.Equal(Math.Sin(angle), large.Sin[position * 3 + i], 1e-7);
            }
        }
    }

    [Fact]
    public void A_table_long_enough_is_not_computed_again()
    {
        var table = new RotaryTable(headDim: 4, theta: 1e4);
        Assert.Same(table.For(100).Cos, table.For(7).Cos);
    }
}
