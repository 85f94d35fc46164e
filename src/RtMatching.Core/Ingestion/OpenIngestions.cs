using Npgsql;

namespace RtMatching.Core.Ingestion;

/// <summary>An ingestion, and what could be done for it now.</summary>
/// <param name="HasQueued">An item waits for a parser.</param>
/// <param name="HasParsed">An item waits for the model.</param>
/// <param name="HasEnded">Everything was handed in and nothing is open: only its state is to be set.</param>
internal sealed record OpenIngestion(
    long Id, long ProfileVersionId, IngestionState State, bool Reembed, bool HasQueued, bool HasParsed, bool HasEnded);

/// <summary>What an idle worker asks: one query that looks at no item more than it must.</summary>
internal sealed class OpenIngestions(DatabaseRetry database)
{
    private static readonly string Select = $"""
        select n.id, n.profile_version_id, n.state, n.reembed, {Waits("queued")}, {Waits("parsed")},
            n.submitted and {First("i.stage in ('queued', 'parsed')", "i.ingestion_id, i.stage")} is null
        from ingestions n
        """;

    /// <summary>Of all tenants, the oldest first.</summary>
    public Task<IReadOnlyList<OpenIngestion>> FindAsync(CancellationToken cancellation) =>
        ReadAsync($"{Select} where n.state in ('pending', 'running') order by n.id", cancellation);

    /// <summary>Open or ended; null where it was deleted.</summary>
    public async Task<OpenIngestion?> FindAsync(long id, CancellationToken cancellation) =>
        (await ReadAsync($"{Select} where n.id = @id", cancellation, new NpgsqlParameter("id", id))).SingleOrDefault();

    /// <summary>Only those that have not ended, the oldest first; looks at no item.</summary>
    public Task<IReadOnlyList<long>> IdsAsync(CancellationToken cancellation) => database.RunAsync(async (connection, token) =>
    {
        await using var command = new NpgsqlCommand("select id from ingestions where state in ('pending', 'running') order by id", connection);
        return await Sql.LongsAsync(command, token);
    }, cancellation);

    private Task<IReadOnlyList<OpenIngestion>> ReadAsync(string sql, CancellationToken cancellation, params NpgsqlParameter[] parameters) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, sql, parameters);
            var found = new List<OpenIngestion>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
                found.Add(new OpenIngestion(reader.GetInt64(0), reader.GetInt64(1), Enum.Parse<IngestionState>(reader.GetString(2), true),
                    reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6)));
            return (IReadOnlyList<OpenIngestion>)found;
        }, cancellation);

    private static string Waits(string stage) =>
        $"{First($"i.stage = '{stage}' and i.lease_token is null and i.not_before <= now()", "i.not_before, i.id")} is not null";

    /// <summary>
    /// Asked for by its place in an index, not by whether it exists: for that the planner reads the whole table where another ingestion's items are
    /// most of it, in the hope of meeting one soon.
    /// </summary>
    private static string First(string condition, string order) =>
        $"(select true from items i where i.ingestion_id = n.id and {condition} order by {order} limit 1)";
}
