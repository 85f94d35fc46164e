using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>What a search may find: the current documents of a tenant and kind that pass the filter, as SQL with its parameters.</summary>
internal sealed class SearchScope(string tenant, DocumentKind kind, ProfileVersion profile, RankingFilter filter, byte[]? except)
{
    public RankingFilter Filter { get; } = filter;
    public string Tenant { get; } = tenant;
    public string Kind { get; } = kind.Name();
    public string Vectors { get; } = $"vectors_{profile.Id}";
    public int Dimension { get; } = profile.Profile.Dimension;

    /// <summary>True of documents <c>d</c> in scope. The kind is a literal, so that partial indexes on it are used.</summary>
    public string Documents => $"""
        d.tenant = $1 and d.kind = '{Kind}' and d.current_version is not null and ($2::bytea is null or d.content_hash <> $2)
        {(Filter.Tags.Count > 0 ? "and d.tags @> $3" : "")}
        {(Filter.Location is not null ? "and d.location ilike $4" : "")}
        {(Filter.Language is not null ? "and d.language = $5" : "")}
        {(Filter.Since is not null ? "and d.dated_on >= $6" : "")}
        {(Filter.Until is not null ? "and d.dated_on <= $7" : "")}
        """;

    /// <summary>True of a content hash that a document in scope has as its current one.</summary>
    public string Holds(string contentHash) =>
        $"exists (select 1 from documents d where d.content_hash = {contentHash} and {Documents})";

    /// <summary>A command whose parameters $1 to $7 are those of <see cref="Documents"/>; the given ones follow from $8.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        Add(command, NpgsqlDbType.Text, Tenant);
        Add(command, NpgsqlDbType.Bytea, except);
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Text, Filter.Tags.ToArray());
        Add(command, NpgsqlDbType.Text, Filter.Location is { } location ? $"%{Escaped(location)}%" : null);
        Add(command, NpgsqlDbType.Text, Filter.Language);
        Add(command, NpgsqlDbType.Date, Filter.Since);
        Add(command, NpgsqlDbType.Date, Filter.Until);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }

    /// <summary>How many documents are in scope, counted no further than <paramref name="atMost"/>.</summary>
    public async Task<long> CountAsync(NpgsqlConnection connection, int atMost, CancellationToken cancellation)
    {
        await using var command = Command(connection, $"select count(*) from (select 1 from documents d where {Documents} limit $8) counted", atMost);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object? value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });

    private static string Escaped(string pattern) =>
        pattern.Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_");
}
