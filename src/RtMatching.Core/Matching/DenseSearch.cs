using Npgsql;

namespace RtMatching.Core.Matching;

/// <param name="Content">The content's hash, hexadecimal.</param>
internal readonly record struct DenseHit(string Content, double Similarity);

/// <summary>The nearest vectors by cosine: by the HNSW index, or by comparing with every vector in scope.</summary>
internal static class DenseSearch
{
    // A filter passing at most so many documents is answered exactly: so many comparisons cost no more than an index walk that has to look
    // past all the others, and miss nothing.
    private const int Selective = 20_000;

    // Candidates that HNSW keeps while it walks (1 to 1000). 0.98 recall@10 over 100,000 clustered vectors needs about 200; see SearchBenchmark.
    private const int EfSearch = 400;

    // Without these the planner may sort the whole table instead of walking the index from the query outwards.
    // relaxed_order goes on scanning until the filter has let enough pass; what it gives out of order is sorted here.
    private const string WalkIndex =
        "hnsw.iterative_scan = relaxed_order, enable_seqscan = off, enable_sort = off, " +
        "enable_hashjoin = off, enable_mergejoin = off, enable_bitmapscan = off";

    /// <summary>
    /// The nearest <paramref name="limit"/> contents, fewer only where the scope holds fewer. Equal similarities stand in the order of their hashes.
    /// </summary>
    /// <param name="connection">In a transaction, which bounds the planner's settings.</param>
    /// <param name="query">L2-normalised. (dimension)</param>
    public static async Task<List<DenseHit>> FindAsync(
        NpgsqlConnection connection, SearchScope scope, float[] query, int limit, bool exact, CancellationToken cancellation,
        int selective = Selective)
    {
        if (!scope.Filter.IsEmpty && await scope.CountAsync(connection, selective + 1, cancellation) <= selective)
            return await FindAmongFewAsync(connection, scope, query, limit, cancellation);
        if (exact || limit > EfSearch) return await FindExactAsync(connection, scope, query, limit, cancellation);

        var hits = await FindByIndexAsync(connection, scope, query, limit, cancellation);

        // The iterative scan gives up after hnsw.max_scan_tuples: what it found may be less than there is.
        return hits.Count >= limit ? hits : await FindExactAsync(connection, scope, query, limit, cancellation);
    }

    /// <summary>The similarities of <paramref name="contents"/> (hexadecimal hashes) to the query.</summary>
    public static async Task<Dictionary<string, double>> CompareAsync(
        NpgsqlConnection connection, SearchScope scope, float[] query, IEnumerable<string> contents, CancellationToken cancellation)
    {
        var hits = await ReadAsync(scope.Command(connection, $"""
            select v.content_hash, {Distance(scope)}
            from {scope.Vectors} v where v.tenant = $1 and v.kind = '{scope.Kind}' and v.content_hash = any($9)
            """, query, contents.Select(Convert.FromHexString).ToArray()), cancellation);
        return hits.ToDictionary(hit => hit.Content, hit => hit.Similarity);
    }

    private static async Task<List<DenseHit>> FindByIndexAsync(
        NpgsqlConnection connection, SearchScope scope, float[] query, int limit, CancellationToken cancellation)
    {
        await using var settings = await PlannerSettings.SetAsync(connection, $"hnsw.ef_search = {EfSearch}, {WalkIndex}", cancellation);
        var hits = await ReadAsync(scope.Command(connection, $"""
            select v.content_hash, {Distance(scope)} as distance
            from {scope.Vectors} v where v.tenant = $1 and v.kind = '{scope.Kind}' and {scope.Holds("v.content_hash")}
            order by {Distance(scope)} limit $9
            """, query, limit), cancellation);
        return [.. hits.OrderByDescending(hit => hit.Similarity).ThenBy(hit => hit.Content, StringComparer.Ordinal)];
    }

    // Adding zero keeps the planner from taking the order of an approximate index as a start for an incremental sort.
    private static async Task<List<DenseHit>> FindExactAsync(
        NpgsqlConnection connection, SearchScope scope, float[] query, int limit, CancellationToken cancellation) =>
        await ReadAsync(scope.Command(connection, $"""
            select v.content_hash, {Distance(scope)} + 0 as distance
            from {scope.Vectors} v where v.tenant = $1 and v.kind = '{scope.Kind}' and {scope.Holds("v.content_hash")}
            order by distance, v.content_hash limit $9
            """, query, limit), cancellation);

    private static async Task<List<DenseHit>> FindAmongFewAsync(
        NpgsqlConnection connection, SearchScope scope, float[] query, int limit, CancellationToken cancellation) =>
        await ReadAsync(scope.Command(connection, $"""
            with few as materialized (select distinct d.content_hash from documents d where {scope.Documents})
            select v.content_hash, {Distance(scope)} + 0 as distance
            from few join {scope.Vectors} v on v.tenant = $1 and v.kind = '{scope.Kind}' and v.content_hash = few.content_hash
            order by distance, v.content_hash limit $9
            """, query, limit), cancellation);

    private static string Distance(SearchScope scope) => $"(v.embedding <=> $8::real[]::halfvec({scope.Dimension}))";

    private static async Task<List<DenseHit>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using (command)
        {
            var hits = new List<DenseHit>();
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                hits.Add(new DenseHit(Convert.ToHexString(reader.GetFieldValue<byte[]>(0)), 1 - reader.GetDouble(1)));
            return hits;
        }
    }
}
