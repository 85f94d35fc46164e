using System.Text;

namespace RtMatching.Benchmarks;

/// <summary>Texts of made-up words, as common as in a language (Zipf's law), and among them words of the text's own cluster.</summary>
internal sealed class MadeUpText
{
    private const int Vocabulary = 30_000;
    private const int WordsOfCluster = 60;

    private readonly double[] _cumulated = new double[Vocabulary];

    public MadeUpText(int clusters)
    {
        Clusters = clusters;
        for (var i = 0; i < Vocabulary; i++) _cumulated[i] = (i == 0 ? 0 : _cumulated[i - 1]) + 1.0 / (i + 10);
    }

    public int Clusters { get; }

    /// <summary>One word in four is of the cluster's own.</summary>
    public string Words(int cluster, Random random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ =>
        Spelled(random.Next(4) == 0 ? Vocabulary / 20 + (cluster * 53 + random.Next(WordsOfCluster)) % (Vocabulary * 19 / 20) : Common(random))));

    private int Common(Random random)
    {
        var at = Array.BinarySearch(_cumulated, random.NextDouble() * _cumulated[^1]);
        return Math.Min(at < 0 ? ~at : at, Vocabulary - 1);
    }

    /// <summary>Consonants and vowels in turn, and a final k that no stemmer takes away.</summary>
    private static string Spelled(int word)
    {
        const string Consonants = "bdfglmnprtvz", Vowels = "aeiou";
        var letters = new StringBuilder();
        for (var rest = word + 60; rest > 0; rest /= 60) letters.Append(Consonants[rest % 60 / 5]).Append(Vowels[rest % 5]);
        return letters.Append('k').ToString();
    }
}
