using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Form C by the examples of https://www.unicode.org/reports/tr15/ and by its laws.</summary>
public class CanonicalCompositionTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")] // A singleton.
    [InlineData("\u1E0B\u0323", "\u1E0D\u0307")] // The mark below goes before the one above.
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("a\u0323\u0302", "\u1EAD")] // Twice composed.
    [InlineData("\u0958", "\u0915\u093C")] // Excluded from composition.
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\uAC01\u11A8", "\uAC01\u11A8")] // A syllable with a tail takes no other.
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65")]
    [InlineData("\uD804\uDC99\uD804\uDCBA", "\uD804\uDC9A")]
    [InlineData("\u0301e", "\u0301e")] // A mark with nothing before it.
    [InlineData("a\u0345\u0897", "a\u0345\u0897")] // Too new a mark for the reference tokenizer: not reordered.
    public void Known_texts(string text, string expected) => Assert.Equal(expected, CanonicalComposition.Normalize(text));

    [Fact]
    public void Normalising_twice_changes_nothing_more()
    {
        foreach (var line in TokenizerFiles.GoldenLines("pipelines.jsonl.gz"))
        {
            var once = CanonicalComposition.Normalize(line.GetProperty("text").GetString()!);
            Assert.Equal(once, CanonicalComposition.Normalize(once));
        }
    }

    [Fact]
    public void Order_of_marks_of_different_classes_does_not_matter()
    {
        var random = new Random(20261121);
        string[] marks = ["\u0301", "\u0323", "\u0327", "\u0345", "\u0334", "\u031B"]; // One of each of six classes.
        for (var i = 0; i < 1000; i++)
        {
            var letter = random.GetItems(["a", "o", "u", "\u00E9", "\u01A1", "x"], 1)[0];
            var some = marks.Take(random.Next(2, 7)).ToArray();
            var sorted = CanonicalComposition.Normalize(letter + string.Concat(some));
            random.Shuffle(some);
            Assert.Equal(sorted, CanonicalComposition.Normalize(letter + string.Concat(some)));
        }
    }
}
