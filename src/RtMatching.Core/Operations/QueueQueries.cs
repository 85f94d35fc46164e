using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Operations;

/// <summary>The queue by stage, and what came to no good end.</summary>
internal static class QueueQueries
{
    /// <summary>So many failures show their reasons well; grouping more of them would take long when a whole bulk load fails.</summary>
    private const int MaxFailures = 20_000;
    private const int MaxReasons = 20;
    private const int MaxReasonLength = 200;

    /// <summary>Only what an open ingestion still has to do counts: the rest waits for nobody but a retry.</summary>
    public static async Task<QueueStatus> ReadAsync(Reading reading)
    {
        var stages = await reading.RowsAsync("""
            select s.stage, o.items - l.leased - l.stalled - d.delayed, l.leased, d.delayed, l.stalled, extract(epoch from now() - w.since)::float8
            from (values ('queued'), ('parsed')) s(stage)
            cross join lateral (
                select coalesce(sum(c.items), 0)::bigint as items from ingestions n
                cross join lateral (select count(*) as items from items i where i.ingestion_id = n.id and i.stage = s.stage) c
                where n.state in ('pending', 'running')) o
            cross join lateral (
                select count(*) filter (where i.lease_until >= now()) as leased, count(*) filter (where i.lease_until < now()) as stalled
                from items i join ingestions n on n.id = i.ingestion_id
                where i.lease_until is not null and i.stage = s.stage and n.state in ('pending', 'running')) l
            cross join lateral (
                select coalesce(sum(c.items), 0)::bigint as delayed from ingestions n
                cross join lateral (
                    select count(*) as items from items i where i.ingestion_id = n.id and i.stage = s.stage and i.not_before > now()
                        and i.stage in ('queued', 'parsed') and i.lease_token is null) c
                where n.state in ('pending', 'running')) d
            left join lateral (
                select min(f.since) as since from ingestions n
                cross join lateral (
                    select i.not_before as since from items i where i.ingestion_id = n.id and i.stage = s.stage and i.not_before <= now()
                        and i.stage in ('queued', 'parsed') and i.lease_token is null
                    order by i.not_before limit 1) f
                where n.state in ('pending', 'running')) w on true
            order by s.stage desc
            """, row => new StageStatus(Enum.Parse<ItemStage>(row.GetString(0), true), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
            row.IsDBNull(5) ? null : row.GetDouble(5)));
        return await reading.OneAsync("""
            select (select count(*) from items where stage in ('embedded', 'rejected', 'dead') and updated_at > now() - interval '1 minute'),
                (select count(*) from items where stage in ('rejected', 'dead') and stage = 'dead')
            """, row => new QueueStatus(stages, row.GetInt64(0), row.GetInt64(1)));
    }

    /// <summary>What differs in its numbers only (lines, bytes, pages) stands together.</summary>
    public static async Task<FailureReport> FailuresAsync(Reading reading, string? tenant)
    {
        var reasons = await reading.RowsAsync($"""
            select stage, outcome, left(case when min(detail) = max(detail) then min(detail) else reason end, {MaxReasonLength}), count(*), max(updated_at)
            from (
                select stage, outcome, coalesce(detail, '') as detail, regexp_replace(coalesce(detail, ''), '\d[\d,.]*\d|\d', 'N', 'g') as reason, updated_at
                from items
                where stage in ('rejected', 'dead') and updated_at > now() - interval '1 day' and (@tenant is null or tenant = @tenant)
                order by updated_at desc limit {MaxFailures}) f
            group by stage, outcome, reason order by 4 desc, 1, 2, 3
            """, row => new FailureReason(Enum.Parse<ItemStage>(row.GetString(0), true), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2),
            row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4)), Sql.Text("tenant", tenant));
        var items = reasons.Sum(reason => reason.Items);
        return new FailureReport([.. reasons.Take(MaxReasons)], items, Sampled: items == MaxFailures);
    }
}
