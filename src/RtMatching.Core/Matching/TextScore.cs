using System.Buffers.Binary;
using System.Text;

namespace RtMatching.Core.Matching;

/// <summary>
/// BM25 of a query's terms over tsvectors in the form that PostgreSQL's <c>tsvectorsend</c> gives them (src/backend/utils/adt/tsvector.c): the
/// count of lexemes, then for each, in the order of their bytes, the lexeme, a zero byte, and its counted positions, all big-endian. Scored here
/// and not in SQL, where every lexeme of every candidate would become a row.
/// </summary>
internal sealed class TextScore
{
    // BM25's usual constants: how soon repetition stops counting, and how much length counts against a document.
    private const double K1 = 1.2;
    private const double B = 0.75;

    private readonly (byte[] Lexeme, double Weight)[] _terms;
    private readonly double _meanLength;

    /// <param name="meanLength">Lexemes in a document of the corpus.</param>
    public TextScore(IEnumerable<QueryTerm> terms, double meanLength)
    {
        _terms = [.. terms.Select(term => (Encoding.UTF8.GetBytes(term.Lexeme), term.Weight))];
        Array.Sort(_terms, (a, b) => a.Lexeme.AsSpan().SequenceCompareTo(b.Lexeme));
        _meanLength = Math.Max(1, meanLength);
    }

    /// <summary>To six decimals, so that scores that are equal but for the order of summation tie; 0 where no term occurs.</summary>
    public double Of(ReadOnlySpan<byte> tsvector)
    {
        var lexemes = BinaryPrimitives.ReadInt32BigEndian(tsvector);
        var damping = K1 * (1 - B + B * lexemes / _meanLength);
        var rest = tsvector[sizeof(int)..];
        var (sum, next) = (0.0, 0);
        for (var i = 0; i < lexemes && next < _terms.Length; i++)
        {
            var end = rest.IndexOf((byte)0);
            var positions = BinaryPrimitives.ReadUInt16BigEndian(rest[(end + 1)..]);
            var order = -1;
            while (next < _terms.Length && (order = _terms[next].Lexeme.AsSpan().SequenceCompareTo(rest[..end])) < 0) next++;
            if (order == 0) sum += _terms[next++].Weight * (K1 + 1) * positions / (positions + damping);
            rest = rest[(end + 1 + sizeof(ushort) * (1 + positions))..];
        }

        return Math.Round(sum, 6);
    }
}
