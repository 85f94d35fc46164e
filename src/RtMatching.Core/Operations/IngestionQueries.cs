using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Operations;

/// <summary>Ingestions that are open or ended lately, and how fast they move.</summary>
internal static class IngestionQueries
{
    /// <summary>An operator reads the first few; each open one has its items counted through an index.</summary>
    private const int MaxOpen = 20;
    private const int MaxEnded = 10;

    /// <summary>The rate is told over this long, so that a remaining time does not jump.</summary>
    private const double RateSeconds = 60;

    public static async Task<IReadOnlyList<IngestionStatus>> ReadAsync(Reading reading, string? tenant)
    {
        var rows = await reading.RowsAsync($"""
            select s.*, extract(epoch from now() - s.created_at)::float8,
                (select count(*) from items i
                    where i.ingestion_id = s.id and i.stage in ('embedded', 'rejected', 'dead') and i.updated_at > now() - interval '{RateSeconds} s')
            from ({IngestionStore.Summary} where n.id in (
                (select id from ingestions where state in ('pending', 'running') and (@tenant is null or tenant = @tenant) order by id desc limit {MaxOpen})
                union all
                (select id from ingestions where state not in ('pending', 'running') and (@tenant is null or tenant = @tenant) order by id desc limit {MaxEnded}))) s
            """, row => (Summary: IngestionStore.ReadSummary(row), Age: row.GetDouble(18), Ended: row.GetInt64(19)), Sql.Text("tenant", tenant));
        return [.. rows.Select(row => Status(row.Summary, row.Age, row.Ended))
            .OrderByDescending(status => status.IsOpen).ThenByDescending(status => status.Ingestion.Id)];
    }

    private static IngestionStatus Status(IngestionSummary ingestion, double age, long endedLately)
    {
        var ended = new IngestionStatus(ingestion, 0, null, (ingestion.FinishedAt - ingestion.CreatedAt)?.TotalSeconds);
        if (!ended.IsOpen) return ended;
        var perSecond = endedLately / Math.Clamp(age, 1, RateSeconds);
        return new IngestionStatus(ingestion, perSecond, perSecond > 0 && ingestion.Submitted ? ingestion.Counts.Open / perSecond : null, null);
    }
}
