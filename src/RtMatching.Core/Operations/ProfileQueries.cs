using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Operations;

/// <summary>Profile versions, how full they are, and what state their indexes are in.</summary>
internal static class ProfileQueries
{
    /// <summary>Tables of up to so many bytes, without their indexes, are counted in milliseconds; larger ones are estimated.</summary>
    private const long CountedBytes = 16 << 20;

    private const string Rows = "case when coalesce(t.n_live_tup, 0) > 0 then t.n_live_tup else greatest(c.reltuples, 0)::bigint end";

    public static async Task<IReadOnlyList<ProfileStatus>> ReadAsync(Reading reading, IReadOnlyList<ProfileVersion> versions)
    {
        if (versions.Count == 0) return [];
        var documents = await DocumentsAsync(reading);
        var tables = (await TablesAsync(reading, versions)).ToDictionary(table => table.Version);
        var indexes = (await IndexesAsync(reading, versions)).ToLookup(index => index.Version, index => index.Index);
        var profiles = new List<ProfileStatus>();
        foreach (var version in versions)
        {
            if (!tables.TryGetValue(version.Id, out var table)) continue;       // dropped between two queries
            var vectors = table.HeapBytes <= CountedBytes ? await CountAsync(reading, version.Id) : new RowCount(table.Rows, true);
            long? lacking = documents.Estimated || vectors.Estimated ? null : await LackingAsync(reading, version.Id);
            var profile = version.Profile;
            profiles.Add(new ProfileStatus(profile.Name, version.Version, version.Active, profile.ModelName, profile.Iterations, profile.Dimension,
                vectors, documents, lacking, table.Bytes, [.. indexes[version.Id]]));
        }

        return profiles;
    }

    private static async Task<RowCount> DocumentsAsync(Reading reading)
    {
        var (bytes, rows) = await reading.OneAsync($"""
            select pg_relation_size(c.oid), {Rows} from pg_class c left join pg_stat_all_tables t on t.relid = c.oid where c.oid = 'documents'::regclass
            """, row => (row.GetInt64(0), row.GetInt64(1)));
        return bytes > CountedBytes ? new RowCount(rows, true)
            : await reading.OneAsync("select count(*) from documents where current_version is not null", row => new RowCount(row.GetInt64(0), false));
    }

    private static Task<RowCount> CountAsync(Reading reading, long version) =>
        reading.OneAsync($"select count(*) from {VectorStore.VectorsOf(version)}", row => new RowCount(row.GetInt64(0), false));

    private static Task<long> LackingAsync(Reading reading, long version) => reading.OneAsync($"""
        select count(*) from documents d where d.current_version is not null and not exists (
            select 1 from {VectorStore.VectorsOf(version)} v where v.tenant = d.tenant and v.kind = d.kind and v.content_hash = d.content_hash)
        """, row => row.GetInt64(0));

    private static Task<List<(long Version, long HeapBytes, long Rows, long Bytes)>> TablesAsync(Reading reading, IReadOnlyList<ProfileVersion> versions) =>
        reading.RowsAsync($"""
            select v.id, pg_relation_size(c.oid), {Rows}, pg_total_relation_size(c.oid) + coalesce(pg_total_relation_size(to_regclass(v.passages)), 0)
            from unnest(@ids, @vectors, @passages) as v(id, vectors, passages)
            join pg_class c on c.oid = to_regclass(v.vectors) left join pg_stat_all_tables t on t.relid = c.oid
            """, row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)),
            Ids(versions), Names("vectors", versions.Select(version => VectorStore.VectorsOf(version.Id))),
            Names("passages", versions.Select(version => VectorStore.PassagesOf(version.Id))));

    /// <summary>An index under construction is not to be seen before its transaction commits; only its table and its builder are.</summary>
    private static Task<List<(long Version, IndexStatus Index)>> IndexesAsync(Reading reading, IReadOnlyList<ProfileVersion> versions)
    {
        var wanted = versions.SelectMany(version => Enum.GetValues<DocumentKind>(), (version, kind) => (Version: version.Id, Kind: kind)).ToList();
        return reading.RowsAsync("""
            select w.id, w.kind, i.indisvalid, greatest(c.reltuples, 0)::bigint, pg_relation_size(c.oid), b.phase, b.done
            from unnest(@ids, @kinds, @names, @vectors) as w(id, kind, name, vectors)
            left join pg_class c on c.oid = to_regclass(w.name)
            left join pg_index i on i.indexrelid = c.oid
            left join lateral (
                select p.phase, p.blocks_done::float8 / nullif(p.blocks_total, 0) as done
                from pg_stat_progress_create_index p join pg_stat_activity a on a.pid = p.pid
                where p.relid = to_regclass(w.vectors) and position(w.name in a.query) > 0 limit 1) b on true
            order by w.id, w.kind
            """, row => (row.GetInt64(0), Index(row)),
            new("ids", wanted.Select(w => w.Version).ToArray()), Names("kinds", wanted.Select(w => w.Kind.Name())),
            Names("names", wanted.Select(w => VectorStore.IndexOf(w.Version, w.Kind))),
            Names("vectors", wanted.Select(w => VectorStore.VectorsOf(w.Version))));
    }

    private static IndexStatus Index(NpgsqlDataReader row)
    {
        var (exists, building) = (!row.IsDBNull(2), !row.IsDBNull(5));
        var state = building ? IndexState.Building : !exists ? IndexState.None : row.GetBoolean(2) ? IndexState.Ready : IndexState.Invalid;
        return new IndexStatus(Enum.Parse<DocumentKind>(row.GetString(1), true), state, exists ? row.GetInt64(3) : null, exists ? row.GetInt64(4) : null,
            building ? row.GetString(5) : null, row.IsDBNull(6) ? null : row.GetDouble(6));
    }

    private static NpgsqlParameter Ids(IReadOnlyList<ProfileVersion> versions) => new("ids", versions.Select(version => version.Id).ToArray());

    private static NpgsqlParameter Names(string name, IEnumerable<string> values) =>
        new(name, NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = values.ToArray() };
}
