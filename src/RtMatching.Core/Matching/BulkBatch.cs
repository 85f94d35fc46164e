using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>A job of a bulk run: a stored one, or a text.</summary>
/// <param name="Id">Names it in the output: the document's external id, or the line's id.</param>
public sealed record BulkJob(string Id, string? Text, long? DocumentId)
{
    internal RankingRequest Request(RankingRequest settings) => settings with { Text = Text, DocumentId = DocumentId };
}

/// <summary>Ranks some jobs of a bulk run together: their texts embedded in one go, the searches side by side.</summary>
internal sealed class BulkBatch(Database database, Ranking ranking, EmbedTexts embed)
{
    /// <summary>Jobs ranked together: what a crash can lose.</summary>
    public const int Size = 64;

    // Connections asked at once. The database does the work, so more than its cores would only queue there.
    private static readonly int Connections = Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>Each job with what its line depends on, hashed: id, profile version, text and settings.</summary>
    public Task<List<(BulkJob Job, string Key)>> KeyedAsync(IReadOnlyList<BulkJob> jobs, RankingRequest settings, CancellationToken cancellation) =>
        KeyedAsync(database, ranking.Profile, jobs, settings, cancellation);

    /// <inheritdoc cref="KeyedAsync(IReadOnlyList{BulkJob}, RankingRequest, CancellationToken)"/>
    public static async Task<List<(BulkJob Job, string Key)>> KeyedAsync(
        Database database, ProfileVersion profile, IReadOnlyList<BulkJob> jobs, RankingRequest settings, CancellationToken cancellation)
    {
        var contents = await ContentsAsync(database, settings.Tenant, [.. jobs.Select(job => job.DocumentId).OfType<long>()], cancellation);
        var filter = settings.Filter;
        var common = JsonSerializer.Serialize(new
        {
            profile.Id, settings.Tenant, settings.Mode, settings.Top, settings.Offset, settings.Exact,
            filter.Tags, filter.Location, filter.Language, filter.Since, filter.Until,
        });
        return [.. jobs.Select(job => (job, Hash(common, job.Id, job.Text ?? contents.GetValueOrDefault(job.DocumentId ?? 0, ""))))];
    }

    /// <summary>Each job's line, in their order.</summary>
    public async Task<List<string>> RankAsync(List<(BulkJob Job, string Key)> jobs, RankingRequest settings, CancellationToken cancellation)
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
        return [.. jobs.Select(job => job.Request(settings) with { Vector = job.Text is null || vectors.Count == 0 ? null : vectors[next++] })];
    }

    private static async Task<Dictionary<long, string>> ContentsAsync(Database database, string tenant, long[] ids, CancellationToken cancellation)
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
}
