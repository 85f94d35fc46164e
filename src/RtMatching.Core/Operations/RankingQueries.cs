using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;

namespace RtMatching.Core.Operations;

/// <summary>Bulk rankings that are open or ended lately. Counted through indexes only: the rows hold whole rankings.</summary>
internal static class RankingQueries
{
    private const int MaxOpen = 10;
    private const int MaxEnded = 5;
    private const double RateSeconds = 60;

    public static async Task<IReadOnlyList<RankingStatus>> ReadAsync(Reading reading, string? tenant)
    {
        var rows = await reading.RowsAsync($"""
            select b.id, p.name, p.version, b.state, b.submitted, c.ended, c.open, c.lately / least(greatest(c.age, 1), {RateSeconds}),
                b.created_at, b.finished_at
            from bulk_rankings b join profile_versions p on p.id = b.profile_version_id
            cross join lateral (
                select (select count(*) from bulk_ranking_jobs where bulk_ranking_id = b.id and ended_at is not null) as ended,
                    (select count(*) from bulk_ranking_jobs where bulk_ranking_id = b.id and ended_at is null) as open,
                    (select count(*) from bulk_ranking_jobs where bulk_ranking_id = b.id and ended_at > now() - interval '{RateSeconds} s') as lately,
                    extract(epoch from now() - coalesce(b.started_at, b.created_at))::float8 as age) c
            where b.id in (
                (select id from bulk_rankings where state in ('pending', 'running') and (@tenant is null or tenant = @tenant) order by id desc limit {MaxOpen})
                union all
                (select id from bulk_rankings where state not in ('pending', 'running') and (@tenant is null or tenant = @tenant) order by id desc limit {MaxEnded}))
            order by b.state in ('pending', 'running') desc, b.id desc
            """, row => new RankingStatus(row.GetInt64(0), row.GetString(1), row.GetInt32(2), Enum.Parse<BulkRankingState>(row.GetString(3), true),
            row.GetBoolean(4), row.GetInt64(5), row.GetInt64(6), row.GetDouble(7), row.GetFieldValue<DateTimeOffset>(8),
            row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9)), Sql.Text("tenant", tenant));
        return rows;
    }
}
