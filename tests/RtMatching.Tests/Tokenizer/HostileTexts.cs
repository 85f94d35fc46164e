using System.Diagnostics;
using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Texts that try how a tokenizer's time grows.</summary>
internal static class HostileTexts
{
    public static TheoryData<string> Units =>
    [
        "a", "ab", "é", "字", " ", "\n", " \n", "'", "=", "1", "\u0301", "\u0301\u0323", "e\u0301\u0323", "\u1161", "😀", "\uD83D", "'s", "x ",
        "<|endof",
    ];

    public static void AssertTimeInProportion(ITokenizer tokenizer, string unit)
    {
        tokenizer.Encode(Repeat(unit, 1 << 14));
        TimeSpan quarter = default, whole = default;
        // Quadratic time would be 16 times as much. The half second forgives times too short to compare;
        // that one of three rounds is good suffices, because a busy machine can spoil any of them.
        for (var round = 0; round < 3; round++)
        {
            quarter = Measure(tokenizer, Repeat(unit, 1 << 18));
            whole = Measure(tokenizer, Repeat(unit, 1 << 20));
            if (whole < 8 * quarter + TimeSpan.FromSeconds(0.5))
                return;
        }
        Assert.Fail($"256 KiB took {quarter}, 1 MiB took {whole}");
    }

    /// <summary>The unit over and over, <paramref name="size"/> bytes of UTF-8.</summary>
    private static string Repeat(string unit, int size) => string.Concat(Enumerable.Repeat(unit, size / Encoding.UTF8.GetByteCount(unit)));

    private static TimeSpan Measure(ITokenizer tokenizer, string text)
    {
        var watch = Stopwatch.StartNew();
        tokenizer.Encode(text);
        return watch.Elapsed;
    }
}
