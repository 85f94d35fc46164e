using Npgsql;
using NpgsqlTypes;

namespace RtMatching.Core.Matching;

/// <summary>What a look at the database saw, by which a later one tells what has been committed since.</summary>
/// <param name="Snapshot">Which transactions it saw, as PostgreSQL writes it (pg_snapshot).</param>
/// <param name="Changed">Something that the ranking may depend on has been committed since the look before; true of the first.</param>
/// <param name="Subject">The content's hash of the stored document that is ranked for, hexadecimal.</param>
/// <param name="ActiveVersion">Of the profile.</param>
internal sealed record RankingSight(string Snapshot, bool Changed, string? Subject, long? ActiveVersion);

/// <summary>
/// Tells by one short query whether a job's ranking can have changed. Triggers write into ranking_changes, with their transaction's number,
/// what each transaction changes (0009_ranking_changes.sql); what the snapshot of the look before did not see is new, however late it was
/// committed. A moment would not do: what is written before it may be committed after it.
/// </summary>
internal sealed class RankingWatch(NpgsqlDataSource source, JobKey job, string profile)
{
    /// <param name="before">Null at first.</param>
    public async Task<RankingSight> LookAsync(RankingSight? before, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand("""
            select pg_current_snapshot()::text,
                $1::text is null or exists (
                    select 1 from ranking_changes
                    where xid >= pg_snapshot_xmin($1::text::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
                        and tenant = $2 and kind = $3 and profile_version_id in (0, $4)),
                (select encode(content_hash, 'hex') from documents where tenant = $2 and id = $5),
                (select active_version_id from profiles where name = $6)
            """);
        Add(command, NpgsqlDbType.Text, before?.Snapshot);
        Add(command, NpgsqlDbType.Text, job.Tenant);
        Add(command, NpgsqlDbType.Text, Profiles.DocumentKindName.Name(job.Wanted));
        Add(command, NpgsqlDbType.Bigint, job.ProfileVersionId);
        Add(command, NpgsqlDbType.Bigint, job.DocumentId);
        Add(command, NpgsqlDbType.Text, profile);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var subject = reader.IsDBNull(2) ? null : reader.GetString(2);
        var active = reader.IsDBNull(3) ? (long?)null : reader.GetInt64(3);
        return new RankingSight(reader.GetString(0), reader.GetBoolean(1) || before?.Subject != subject, subject, active);
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object? value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
}
