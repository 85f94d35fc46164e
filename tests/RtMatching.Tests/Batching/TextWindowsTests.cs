using RtMatching.Inference.Batching;

namespace RtMatching.Tests.Batching;

public class TextWindowsTests
{
    [Fact]
    public void Windows_are_the_texts_in_order_and_end_at_either_bound()
    {
        var windows = TextWindows.Of(["a", "b", "c", "dddddddd", "e", "ffff", "gggg", "h"], maxTexts: 3, maxCharacters: 8);

        Assert.Equal([["a", "b", "c"], ["dddddddd"], ["e", "ffff", "gggg"], ["h"]], windows);
    }

    [Fact]
    public void Nothing_is_read_beyond_the_window()
    {
        var read = 0;
        IEnumerable<string> Endless()
        {
            while (true) yield return $"{read++}";
        }

        Assert.Equal(["0", "1", "2"], TextWindows.Of(Endless(), maxTexts: 3, maxCharacters: 100).First());
        Assert.Equal(3, read);
    }

    [Fact]
    public void No_texts_are_no_windows() => Assert.Empty(TextWindows.Of([], 3, 8));
}
