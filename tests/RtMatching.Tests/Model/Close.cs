using System.Numerics.Tensors;
using RtMatching.Inference.Model;

namespace RtMatching.Tests.Model;

/// <summary>Whether vectors are the same but for what the decoder's arithmetic rounds.</summary>
internal static class Close<TDecoder> where TDecoder : ITestedDecoder
{
    /// <summary>Direction and size: the difference is at most the tolerance's share of the expected vector's length.</summary>
    public static void Assert(double[] expected, ReadOnlySpan<float> actual)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        var (difference, length) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(expected[i] - actual[i], 2);
            length += Math.Pow(expected[i], 2);
        }

        Xunit.Assert.True(Math.Sqrt(difference) <= TDecoder.Tolerance * Math.Sqrt(length), $"off by {Math.Sqrt(difference / length):g3}");
    }

    public static void Assert(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert([.. expected.ToArray().Select(v => (double)v)], actual);

    /// <summary>Two unit vectors, as an embedder gives them.</summary>
    /// <param name="cosine">Asked of a decoder whose tolerance is finer.</param>
    public static void AssertDirection(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double cosine, string what = "")
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        var reached = TensorPrimitives.CosineSimilarity(expected, actual);
        Xunit.Assert.True(reached > Cosine(cosine), $"{what} cosine {reached}");
    }

    /// <summary>What can be asked of the decoder where <paramref name="cosine"/> is asked of exact ones.</summary>
    public static double Cosine(double cosine) => Math.Min(cosine, 1 - TDecoder.Tolerance * TDecoder.Tolerance / 2);
}
