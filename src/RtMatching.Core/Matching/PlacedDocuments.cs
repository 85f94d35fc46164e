using Npgsql;

namespace RtMatching.Core.Matching;

/// <summary>The documents that share one content and so one place: the one shown and the others' external ids.</summary>
internal sealed record PlacedDocuments(RankedDocument Shown, IReadOnlyList<string> Others)
{
    /// <summary>The documents in scope with the given contents (hexadecimal hashes). Of several with one content, that stored first is shown.</summary>
    public static async Task<Dictionary<string, PlacedDocuments>> ReadAsync(
        NpgsqlConnection connection, SearchScope scope, IEnumerable<string> contents, CancellationToken cancellation)
    {
        await using var command = scope.Command(connection, $"""
            select d.content_hash, d.id, d.source, d.external_id, d.tags, d.location, d.language, d.dated_on
            from documents d where {scope.Documents} and d.content_hash = any($8) order by d.id
            """, (object)contents.Select(Convert.FromHexString).ToArray());
        var rows = new List<(string Content, RankedDocument Document)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) rows.Add((Convert.ToHexString(reader.GetFieldValue<byte[]>(0)), Read(reader)));
        return rows.GroupBy(row => row.Content, row => row.Document)
            .ToDictionary(group => group.Key, group => new PlacedDocuments(group.First(), [.. group.Skip(1).Select(other => other.ExternalId)]));
    }

    public RankedDocument At(int rank, Place place) => Shown with
    {
        Rank = rank, AlsoAs = Others, Score = place.Score, Similarity = place.Similarity, TextRank = place.TextScore,
    };

    private static RankedDocument Read(NpgsqlDataReader reader) => new(
        0, reader.GetInt64(1), reader.GetString(2), reader.GetString(3), [], 0, null, null,
        reader.GetFieldValue<string[]>(4), Text(reader, 5), Text(reader, 6), reader.IsDBNull(7) ? null : reader.GetFieldValue<DateOnly>(7), null);

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
