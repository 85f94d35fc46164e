using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>A job of a bulk run: a stored one, or a line of a file.</summary>
/// <param name="Id">Names it in the output: the document's external id, or the line's id.</param>
public sealed record BulkJob(string Id, string? Text, long? DocumentId);

/// <param name="Total">Null where the jobs are read as they come.</param>
/// <param name="Skipped">Stand in the output already.</param>
public sealed record BulkProgress(long Ranked, long Skipped, long? Total, double PerSecond);

/// <summary>
/// Many jobs, each to its top candidates, into a file of JSON lines that a second run continues: jobs whose line is there, for the same
/// profile version, text and settings, are not ranked again.
/// </summary>
public sealed class BulkRanking(Database database, Ranking ranking, EmbedTexts embed)
{
    // Ranked side by side, embedded together and made durable by one fsync: what a crash can lose.
    private const int Batch = 64;

    // Connections asked at once. The database does the work, so more than its cores would only queue there.
    private static readonly int Connections = Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>All current jobs that are stored, in the order of their storing.</summary>
    public async IAsyncEnumerable<BulkJob> StoredJobsAsync(string tenant, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var command = database.Source.CreateCommand(
            "select external_id, id from documents where tenant = $1 and kind = 'job' and current_version is not null order by id");
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) yield return new BulkJob(reader.GetString(0), null, reader.GetInt64(1));
    }

    /// <summary>The jobs of a file of lines <c>{"id": ..., "text": ...}</c>.</summary>
    /// <exception cref="FormatException">A line is not of that form; the message gives its number.</exception>
    public static async IAsyncEnumerable<BulkJob> ReadJobsAsync(string path, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(path, cancellation))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return Parse(line, path, number);
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
        await foreach (var chunk in jobs.Chunk(Batch).WithCancellation(cancellation))
        {
            var keyed = await KeyedAsync(chunk, settings, cancellation);
            var open = keyed.Where(job => output.Add(job.Key)).ToList();
            skipped += keyed.Count - open.Count;
            output.Append(await RankAsync(open, settings, cancellation));
            ranked += open.Count;
            progress?.Report(new BulkProgress(ranked, skipped, total, ranked / watch.Elapsed.TotalSeconds));
        }

        return new BulkProgress(ranked, skipped, total, ranked / watch.Elapsed.TotalSeconds);
    }

    private async Task<List<string>> RankAsync(List<(BulkJob Job, string Key)> jobs, RankingRequest settings, CancellationToken cancellation)
    {
        var requests = await RequestsAsync([.. jobs.Select(job => job.Job)], settings, cancellation);
        var lines = new string[jobs.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Connections, CancellationToken = cancellation };
        await Parallel.ForAsync(0, jobs.Count, options, async (i, token) =>
        {
            var candidates = await ranking.RankCandidatesAsync(requests[i], token);
            lines[i] = RankingLog.Line(jobs[i].Job.Id, jobs[i].Key, ranking.Profile, candidates);
        });
        return [.. lines];
    }

    /// <summary>Texts of a batch are embedded together; stored jobs have their vectors.</summary>
    private async Task<List<RankingRequest>> RequestsAsync(List<BulkJob> jobs, RankingRequest settings, CancellationToken cancellation)
    {
        var texts = jobs.Where(job => job.Text is not null).Select(job => RankingQuery.Redacted(ranking.Profile, job.Text!)).ToList();
        var vectors = texts.Count == 0 || settings.Mode == RankingMode.Text
            ? []
            : await embed(texts, DocumentKind.Job, cancellation);
        var next = 0;
        return [.. jobs.Select(job => settings with
        {
            Text = job.Text, DocumentId = job.DocumentId, Vector = job.Text is null || vectors.Count == 0 ? null : vectors[next++],
        })];
    }

    /// <summary>Each job with what its line depends on, hashed: id, profile version, text and settings.</summary>
    private async Task<List<(BulkJob Job, string Key)>> KeyedAsync(BulkJob[] jobs, RankingRequest settings, CancellationToken cancellation)
    {
        var contents = await ContentsAsync(settings.Tenant, [.. jobs.Select(job => job.DocumentId).OfType<long>()], cancellation);
        var filter = settings.Filter;
        var common = JsonSerializer.Serialize(new
        {
            ranking.Profile.Id, settings.Tenant, settings.Mode, settings.Top, settings.Offset, settings.Exact,
            filter.Tags, filter.Location, filter.Language, filter.Since, filter.Until,
        });
        return [.. jobs.Select(job => (job, Hash(common, job.Id, job.Text ?? contents.GetValueOrDefault(job.DocumentId ?? 0, ""))))];
    }

    private async Task<Dictionary<long, string>> ContentsAsync(string tenant, long[] ids, CancellationToken cancellation)
    {
        var contents = new Dictionary<long, string>();
        await using var command = database.Source.CreateCommand("select id, content_hash from documents where tenant = $1 and id = any($2)");
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(ids);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            if (!reader.IsDBNull(1)) contents[reader.GetInt64(0)] = Convert.ToHexString(reader.GetFieldValue<byte[]>(1));
        return contents;
    }

    // Sixteen bytes: with a billion jobs two equal keys are still less likely than a disk error.
    private static string Hash(params string[] parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(parts))).AsSpan(0, 16));

    private static BulkJob Parse(string line, string path, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text").GetString();
            var id = json.RootElement.GetProperty("id");
            return !string.IsNullOrWhiteSpace(text)
                ? new BulkJob(id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText(), text, null)
                : throw new FormatException($"{path}, line {number}: the text is empty.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"{path}, line {number}: expected {{\"id\": ..., \"text\": \"...\"}}.", exception);
        }
    }
}
