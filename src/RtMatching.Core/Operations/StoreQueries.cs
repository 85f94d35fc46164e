namespace RtMatching.Core.Operations;

/// <summary>The database itself: versions, sizes, connections.</summary>
internal static class StoreQueries
{
    private const int MaxTables = 8;

    public static async Task<StoreStatus?> ReadAsync(Reading reading)
    {
        var tables = await reading.RowsAsync($"""
            select c.relname, case when coalesce(t.n_live_tup, 0) > 0 then t.n_live_tup else greatest(c.reltuples, 0)::bigint end, pg_total_relation_size(c.oid)
            from pg_class c left join pg_stat_all_tables t on t.relid = c.oid
            where c.relkind = 'r' and c.relnamespace = (select relnamespace from pg_class where oid = 'documents'::regclass)
            order by 3 desc, 1 limit {MaxTables}
            """, row => new TableStatus(row.GetString(0), row.GetInt64(1), row.GetInt64(2)));

        // Of the connections of other roles only a superuser sees what kind they are; those of the server's own workers have no role or no database.
        return await reading.OneAsync("""
            select split_part(current_setting('server_version'), ' ', 1), (select extversion from pg_extension where extname = 'vector'), pg_database_size(current_database()),
                (select count(*)::int from pg_stat_activity
                    where usesysid is not null and datid is not null and coalesce(backend_type, 'client backend') = 'client backend'),
                current_setting('max_connections')::int
            """, row => new StoreStatus(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2), tables, row.GetInt32(3), row.GetInt32(4)));
    }
}
