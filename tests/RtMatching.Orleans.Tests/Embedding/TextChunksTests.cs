using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Embedding;

namespace RtMatching.Orleans.Tests.Embedding;

public class TextChunksTests
{
    [Fact]
    public void Chunks_are_all_texts_in_order_and_none_is_larger_than_a_call_may_be()
    {
        var random = new Random(7);
        var some = Enumerable.Range(0, 30).Select(_ => new string('x', random.Next(0, CallLimits.Characters / 20))).ToArray();
        for (var round = 0; round < 100; round++)
        {
            var texts = random.GetItems(some, random.Next(0, 200));
            var most = random.Next(1, CallLimits.Texts + 1);
            var chunks = TextChunks.Of(texts, most).ToList();
            Assert.Equal(texts, chunks.SelectMany(chunk => chunk));
            Assert.All(chunks, chunk => Assert.InRange(chunk.Count, 1, most));
            Assert.All(chunks, chunk => Assert.True(chunk.Sum(text => text.Length) <= CallLimits.Characters));
        }
    }

    [Fact]
    public void A_text_that_is_larger_goes_alone()
    {
        var texts = new[] { "a", new string('x', CallLimits.Characters + 1), "b" };
        Assert.Equal([1, 1, 1], TextChunks.Of(texts, 64).Select(chunk => chunk.Count));
    }
}
