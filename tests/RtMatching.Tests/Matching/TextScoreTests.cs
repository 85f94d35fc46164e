using RtMatching.Core.Matching;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Matching;

/// <summary>BM25 read off a tsvector's bytes against BM25 that PostgreSQL computes from the tsvector itself.</summary>
public class TextScoreTests
{
    private static readonly string[] Words = ["nurse", "ward", "surgery", "night", "café", "护理", "cplusplus", "it's", "zeal", "a1", "ward2"];

    [Fact]
    public async Task It_is_what_sql_would_compute()
    {
        await using var test = await TestDatabase.CreateAsync();
        var random = new Random(7);
        for (var round = 0; round < 40; round++)
        {
            var text = string.Join(' ', Enumerable.Range(0, random.Next(0, 60)).Select(_ => Words[random.Next(Words.Length)]));
            QueryTerm[] terms = [.. Words.Where(_ => random.Next(2) == 0).Append("absent").Select(word => new QueryTerm(word, [word], 1 + random.Next(3), 5, 0.1, random.NextDouble(), 0))];
            var (bytes, expected) = await InSqlAsync(test, text, terms, meanLength: 7);
            Assert.Equal(expected, new TextScore(terms, meanLength: 7).Of(bytes), 5e-6);
        }
    }

    private static async Task<(byte[] Bytes, double Score)> InSqlAsync(TestDatabase test, string text, QueryTerm[] terms, double meanLength)
    {
        await using var command = test.Source.CreateCommand("""
            with document as (select to_tsvector('simple', $1) as search)
            select tsvectorsend(search), coalesce((
                select sum(term.weight * 2.2 * cardinality(u.positions) / (cardinality(u.positions) + 1.2 * (0.25 + 0.75 * length(search) / $4)))
                from unnest(search) u join unnest($2, $3) as term(lexeme, weight) on term.lexeme = u.lexeme), 0)::float8
            from document
            """);
        foreach (var value in (object[])[text, terms.Select(term => term.Lexeme).ToArray(), terms.Select(term => term.Weight).ToArray(), meanLength])
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetFieldValue<byte[]>(0), reader.GetDouble(1));
    }
}
