using System.Diagnostics;
using System.Runtime.CompilerServices;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <param name="Total">Null where the jobs are read as they come.</param>
/// <param name="Skipped">Stand in the output already.</param>
public sealed record BulkProgress(long Ranked, long Skipped, long? Total, double PerSecond);

/// <summary>
/// Many jobs, each to its top candidates, into a file of JSON lines that a second run continues: jobs whose line is there, for the same
/// profile version, text and settings, are not ranked again.
/// </summary>
public sealed class BulkRanking(Database database, Ranking ranking, EmbedTexts embed)
{
    private readonly BulkBatch _batch = new(database, ranking, embed);

    /// <summary>All current jobs that are stored, in the order of their storing.</summary>
    public async IAsyncEnumerable<BulkJob> StoredJobsAsync(string tenant, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var command = database.Source.CreateCommand(
            "select external_id, id from documents where tenant = $1 and kind = 'job' and current_version is not null order by id");
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) yield return new BulkJob(reader.GetString(0), null, reader.GetInt64(1));
    }

    /// <summary>The jobs of lines <c>{"id": ..., "text": ...}</c>.</summary>
    /// <param name="stream">Stays the caller's.</param>
    /// <param name="source">What messages call it.</param>
    /// <exception cref="InvalidLineException">A line is not of that form; the message gives its number.</exception>
    public static async IAsyncEnumerable<BulkJob> ReadJobsAsync(
        Stream stream, string source, int maxTextLength = IdentifiedTexts.DefaultMaxLength, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var line in IdentifiedTexts.ReadAsync(stream, source, maxTextLength, cancellation))
        {
            if (string.IsNullOrWhiteSpace(line.Text)) throw IdentifiedTexts.Invalid(source, line.Line, "the text is empty");
            yield return new BulkJob(line.Name, line.Text, null);
        }
    }

    /// <summary>Ranks every job that <paramref name="outputPath"/> does not hold yet and appends its line there.</summary>
    /// <param name="settings">Top, mode, filter and tenant; what to rank for is taken from each job.</param>
    public async Task<BulkProgress> RankAllAsync(
        IAsyncEnumerable<BulkJob> jobs, RankingRequest settings, string outputPath, long? total = null,
        IProgress<BulkProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var output = RankingLog.Open(outputPath);
        var watch = Stopwatch.StartNew();
        var (ranked, skipped) = (0L, 0L);
        await foreach (var chunk in jobs.Chunk(BulkBatch.Size).WithCancellation(cancellation))
        {
            var keyed = await _batch.KeyedAsync(chunk, settings, cancellation);
            var open = keyed.Where(job => output.Add(job.Key)).ToList();
            skipped += keyed.Count - open.Count;
            output.Append(await _batch.RankAsync(open, settings, cancellation));
            ranked += open.Count;
            progress?.Report(new BulkProgress(ranked, skipped, total, ranked / watch.Elapsed.TotalSeconds));
        }

        return new BulkProgress(ranked, skipped, total, ranked / watch.Elapsed.TotalSeconds);
    }

    /// <summary>
    /// Appends lines that were ranked elsewhere, as <see cref="RankAllAsync"/> would have written them; those that the file holds are left out.
    /// </summary>
    /// <exception cref="InvalidLineException">The file, or one of the lines, is not of a bulk ranking.</exception>
    public static async Task<(long Added, long Skipped)> AppendAsync(IAsyncEnumerable<string> lines, string outputPath, CancellationToken cancellation = default)
    {
        using var output = RankingLog.Open(outputPath);
        var (added, skipped) = (0L, 0L);
        await foreach (var chunk in lines.Chunk(BulkBatch.Size).WithCancellation(cancellation))
        {
            var fresh = chunk.Where(output.AddLine).ToList();
            output.Append(fresh);
            (added, skipped) = (added + fresh.Count, skipped + chunk.Length - fresh.Count);
        }

        return (added, skipped);
    }
}
