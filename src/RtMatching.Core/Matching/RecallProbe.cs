using System.Data;
using Npgsql;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>How much of the truth the approximate index finds: its top 10 for one stored job, compared with an exact scan's.</summary>
public sealed class RecallProbe(Database database)
{
    private const int K = 10;

    /// <summary>Jobs to pick from; enough to be different ones from time to time.</summary>
    private const int Sample = 1000;

    /// <summary>A scan that takes longer would cost the rankings more than it tells.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>recall@10, from 0 to 1; null where there is no index of CVs (a small corpus is searched exactly), no job, or no time.</summary>
    public async Task<double?> MeasureAsync(ProfileVersion profile, CancellationToken cancellation = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        try
        {
            await snapshot.ExecuteAsync($"set transaction read only; set local statement_timeout = {Patience.TotalMilliseconds:0}", cancellation);
            if (!await HasIndexAsync(connection, profile, cancellation) || await JobAsync(connection, profile, cancellation) is not { } job) return null;
            var scope = new SearchScope(job.Tenant, DocumentKind.Cv, profile, RankingFilter.None, except: null);
            var found = await DenseSearch.FindAsync(connection, scope, job.Vector, K, exact: false, cancellation);
            var truth = await DenseSearch.FindAsync(connection, scope, job.Vector, K, exact: true, cancellation);
            if (truth.Count == 0) return null;

            // By similarity, not by name: equal ones may stand in either order.
            var last = truth[^1].Similarity;
            return (double)found.Count(hit => hit.Similarity >= last) / truth.Count;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<bool> HasIndexAsync(NpgsqlConnection connection, ProfileVersion profile, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select to_regclass($1) is not null", connection)
        {
            Parameters = { new() { Value = VectorStore.IndexOf(profile.Id, DocumentKind.Cv) } },
        };
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task<(string Tenant, float[] Vector)?> JobAsync(NpgsqlConnection connection, ProfileVersion profile, CancellationToken cancellation)
    {
        var vectors = VectorStore.VectorsOf(profile.Id);
        await using var command = new NpgsqlCommand($"""
            select v.tenant, v.embedding::real[]
            from (select tenant, content_hash from {vectors} where kind = 'job' limit {Sample}) j
            join {vectors} v on v.tenant = j.tenant and v.kind = 'job' and v.content_hash = j.content_hash
            order by random() limit 1
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetString(0), reader.GetFieldValue<float[]>(1)) : null;
    }
}
