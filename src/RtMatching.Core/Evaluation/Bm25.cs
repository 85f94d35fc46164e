namespace RtMatching.Core.Evaluation;

/// <summary>
/// Okapi BM25 (Robertson and Zaragoza, 2009) in memory: what every ranking here is compared with. Words are runs of ASCII letters and
/// digits, lower-cased; no stop words, no stems. Each distinct word of the query counts once.
/// </summary>
public sealed class Bm25
{
    private readonly double _k1;
    private readonly double _b;
    private readonly double[] _lengths;
    private readonly double _meanLength;
    private readonly Dictionary<string, List<(int Document, int Count)>> _postings = [];

    public Bm25(IReadOnlyList<string> documents, double k1 = 1.2, double b = 0.75)
    {
        (_k1, _b) = (k1, b);
        _lengths = new double[documents.Count];
        for (var document = 0; document < documents.Count; document++)
        {
            foreach (var word in Words(documents[document]).GroupBy(word => word))
            {
                var count = word.Count();
                _lengths[document] += count;
                if (!_postings.TryGetValue(word.Key, out var postings)) _postings[word.Key] = postings = [];
                postings.Add((document, count));
            }
        }

        _meanLength = _lengths.Length == 0 ? 0 : _lengths.Average();
    }

    /// <summary>The score of every document. (documents)</summary>
    public double[] Score(string query)
    {
        var scores = new double[_lengths.Length];
        foreach (var word in Words(query).Distinct())
        {
            if (!_postings.TryGetValue(word, out var postings)) continue;
            var idf = Math.Log(1 + (_lengths.Length - postings.Count + 0.5) / (postings.Count + 0.5));
            foreach (var (document, count) in postings)
                scores[document] += idf * count * (_k1 + 1) / (count + _k1 * (1 - _b + _b * _lengths[document] / _meanLength));
        }

        return scores;
    }

    private static IEnumerable<string> Words(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && char.IsAsciiLetterOrDigit(text[i]);
            if (inside && start < 0) start = i;
            if (inside || start < 0) continue;
            yield return text[start..i].ToLowerInvariant();
            start = -1;
        }
    }
}
