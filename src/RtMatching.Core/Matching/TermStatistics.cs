using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>A lexeme of a query.</summary>
/// <param name="Words">As the query spells it.</param>
/// <param name="Count">Occurrences in the query.</param>
/// <param name="Documents">Of the sample that hold it; 0 where none does.</param>
/// <param name="Share">Of the sample that holds it, 0 to 1.</param>
/// <param name="Idf">ln(1 + (n - df + 0.5) / (df + 0.5)) over the sample, never negative.</param>
/// <param name="First">Words of the query before its first occurrence.</param>
internal sealed record QueryTerm(string Lexeme, IReadOnlyList<string> Words, int Count, int Documents, double Share, double Idf, int First)
{
    /// <summary>How much more it counts than its occurrences and its rarity say.</summary>
    public double Emphasis { get; init; } = 1;

    public double Weight => Emphasis * Count * Idf;
}

/// <summary>What a sample of the corpus says about lexemes.</summary>
/// <param name="Sampled">Documents counted.</param>
/// <param name="MeanLength">Distinct lexemes in a document, on average.</param>
/// <param name="Population">Documents in the database, as its planner estimates; at least those sampled.</param>
internal sealed record TermSample(int Sampled, double MeanLength, double Population);

/// <summary>
/// Document frequencies of lexemes, which PostgreSQL's full-text search does not keep. Counting them over 100,000 documents takes tens of
/// seconds, so they are counted over a sample and kept until the corpus has changed by a tenth.
/// </summary>
internal sealed class TermStatistics(NpgsqlDataSource source, string tenant, DocumentKind kind, int preparation, TimeProvider time)
{
    /// <summary>
    /// Enough to tell a term in 1% of the documents from one in 2%. The content hashes are SHA-256: their first ones in order are a
    /// random sample of the corpus, the same each time.
    /// </summary>
    public const int SampleSize = 5000;

    // A corpus is counted again at most so often: searching 10^6 documents must not wait for statistics that hardly move.
    private static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    // In a large corpus a lexeme seen once is too rare for its frequency to mean anything; not keeping it saves half of the rows.
    private const int KeepAllUpTo = 2000;

    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly string _kind = kind.Name();
    private TermSample? _sample;
    private DateTimeOffset _checked;

    /// <summary>The sample's figures, refreshed first where the corpus has changed.</summary>
    public async Task<TermSample> SampleAsync(CancellationToken cancellation)
    {
        if (_sample is { } fresh && time.GetUtcNow() - _checked < LeastAge) return fresh;
        await _refreshing.WaitAsync(cancellation);
        try
        {
            if (_sample is { } now && time.GetUtcNow() - _checked < LeastAge) return now;
            _sample = await RefreshAsync(cancellation);
            _checked = time.GetUtcNow();
            return _sample;
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>The distinct lexemes of <paramref name="text"/> with what is known about them, in no particular order.</summary>
    public async Task<IReadOnlyList<QueryTerm>> TermsAsync(string text, CancellationToken cancellation)
    {
        var sample = await SampleAsync(cancellation);
        var found = FullText.Words(text).Select((word, place) => (word, place)).GroupBy(one => one.word)
            .ToDictionary(group => group.Key, group => (Count: group.Count(), First: group.First().place));
        await using var command = source.CreateCommand($"""
            select word, l.lexeme, coalesce(f.documents, 0)
            from unnest($1) word
            cross join lateral unnest(tsvector_to_array(to_tsvector('{FullText.Configuration}', word))) l(lexeme)
            left join term_frequencies f on f.tenant = $2 and f.kind = $3 and f.preparation = $4 and f.lexeme = l.lexeme
            """);
        command.Parameters.AddWithValue(found.Keys.ToArray());
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(_kind);
        command.Parameters.AddWithValue(preparation);
        var rows = new List<(string Word, string Lexeme, int Documents)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) rows.Add((reader.GetString(0), reader.GetString(1), reader.GetInt32(2)));
        return [.. rows.GroupBy(row => row.Lexeme).Select(group => new QueryTerm(
            group.Key, [.. group.Select(row => row.Word)], group.Sum(row => found[row.Word].Count), group.First().Documents,
            (double)group.First().Documents / Math.Max(1, sample.Sampled), Idf(group.First().Documents, sample.Sampled),
            group.Min(row => found[row.Word].First)))];
    }

    internal static double Idf(int documents, int sampled) => Math.Log(1 + (sampled - documents + 0.5) / (documents + 0.5));

    private async Task<TermSample> RefreshAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        // One process counts; the others wait for it and then find the corpus unchanged.
        await ExecuteAsync(connection, "select pg_advisory_xact_lock(hashtextextended('term_samples/' || $1 || '/' || $2 || '/' || $3::int, 0))", cancellation);
        var documents = await CountAsync(connection, cancellation);
        if (await FindAsync(connection, documents, cancellation) is { } stored) return stored;
        await RebuildAsync(connection, documents, cancellation);
        var rebuilt = await FindAsync(connection, documents, cancellation);
        await transaction.CommitAsync(cancellation);
        return rebuilt!;
    }

    /// <summary>Documents, counted to just above the sample's size: beyond it frequencies are shares, which a growing corpus hardly moves.</summary>
    private async Task<int> CountAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = Command(connection, $"""
            select count(*)::int from (
                select 1 from documents where tenant = $1 and kind = $2 and current_version is not null limit {SampleSize + 1}) counted
            """);
        command.Parameters.RemoveAt(2);
        return (int)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The stored sample; null where none is or the number of documents is no longer within a tenth of what it was.</summary>
    private async Task<TermSample?> FindAsync(NpgsqlConnection connection, int documents, CancellationToken cancellation)
    {
        await using var command = Command(connection, """
            select sampled, mean_length, (select greatest(reltuples, sampled)::float8 from pg_class where oid = 'documents'::regclass)
            from term_samples
            where tenant = $1 and kind = $2 and preparation = $3 and abs(documents - $4) * 10 <= documents
            """);
        command.Parameters.AddWithValue(documents);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? new TermSample(reader.GetInt32(0), reader.GetFloat(1), reader.GetDouble(2)) : null;
    }

    private async Task RebuildAsync(NpgsqlConnection connection, int documents, CancellationToken cancellation)
    {
        var sample = $"""
            (select t.content_hash, t.search from texts t where t.tenant = $1 and t.preparation = $3
             and exists (select 1 from documents d
                 where d.tenant = $1 and d.kind = $2 and d.content_hash = t.content_hash and d.current_version is not null)
             order by t.content_hash limit {SampleSize}) s
            """;
        await ExecuteAsync(connection, "delete from term_samples where tenant = $1 and kind = $2 and preparation = $3", cancellation);
        await ExecuteAsync(connection, $"""
            insert into term_samples (tenant, kind, preparation, documents, sampled, mean_length)
            select $1, $2, $3, {documents}, count(*), coalesce(avg(length(search)), 1) from {sample}
            """, cancellation);
        await ExecuteAsync(connection, $"""
            insert into term_frequencies (tenant, kind, preparation, lexeme, documents)
            select $1, $2, $3, lexeme, count(*) from {sample} cross join lateral unnest(tsvector_to_array(s.search)) lexeme
            group by lexeme having count(*) > {(documents <= KeepAllUpTo ? 0 : 1)}
            """, cancellation);
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = Command(connection, sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection)
    {
        Parameters =
        {
            new NpgsqlParameter { Value = tenant },
            new NpgsqlParameter { Value = _kind },
            new NpgsqlParameter { Value = preparation },
        },
    };
}
