using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RtMatching.Cli.Commands;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Core.Matching;

namespace RtMatching.Cli.Remote;

/// <summary>
/// <c>rank --all-jobs</c> and <c>--jobs</c> with <c>--server</c>: starts a bulk ranking, waits for it, appends its lines to the output. The
/// key that it was started under lies beside the output until then, so that the same command finds it again after a break.
/// </summary>
internal sealed class RemoteBulkRanking(ServerClient server, string output)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly string _keyFile = output + ".key";
    private long _failed;

    private sealed record Problem(string Job, [property: System.Text.Json.Serialization.JsonPropertyName("problem")] string? Text);

    public static async Task<int> RunAsync(ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        var output = parsed.GetValue(RankCommand.OutputFile)!;
        var bulk = new RemoteBulkRanking(server, output);
        var summary = await bulk.WaitAsync(await bulk.StartAsync(parsed, cancellation), cancellation);
        var (added, skipped) = await BulkRanking.AppendAsync(bulk.LinesAsync(summary.Id, cancellation), output, cancellation);
        await bulk.ForgetAsync(summary.Id, cancellation);
        RankCommand.Report(parsed, new BulkProgress(added, skipped, summary.Total, summary.PerSecond));
        return bulk._failed > 0 ? ExitCode.SomeItemsNotUsable : ExitCode.Ok;
    }

    private Task<BulkRankingSummary> StartAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = RankCommand.Settings(parsed);
        var profile = parsed.GetValue(RankCommand.Profile)!;
        var file = parsed.GetValue(RankCommand.Jobs);
        var query = $"v1/rankings/bulk?{Query(profile, settings)}";
        var key = Key(query, file);
        var stored = RemoteRanking.Body(settings);
        (stored["all_jobs"], stored["profile"]) = (true, profile);
        return server.ReadAsync<BulkRankingSummary>(() => file is null
            ? Keyed(key, "v1/rankings/bulk", JsonContent.Create(stored, options: JsonOutput.Options))
            : Keyed(key, query, Lines(file)), cancellation);
    }

    private static HttpRequestMessage Keyed(string key, string path, HttpContent content) =>
        new(HttpMethod.Post, path) { Content = content, Headers = { { "Idempotency-Key", key } } };

    private static StreamContent Lines(string file) => new(InputFile.Open(file))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") },
    };

    private static string Query(string profile, RankingRequest settings)
    {
        var filter = settings.Filter;
        var pairs = new List<(string Name, string? Value)>
        {
            ("profile", profile), ("top", settings.Top.ToString(CultureInfo.InvariantCulture)), ("mode", JsonOutput.Name(settings.Mode)),
            ("exact", settings.Exact ? "true" : "false"), ("location", filter.Location), ("language", filter.Language),
            ("since", Date(filter.Since)), ("until", Date(filter.Until)),
        };
        pairs.AddRange(filter.Tags.Select(tag => ("tag", (string?)tag)));
        return string.Join('&', pairs.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
    }

    private static string? Date(DateOnly? date) => date?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The same for the same command until its result is written; another where settings or the file of jobs have changed.</summary>
    private string Key(string query, string? file)
    {
        if (!File.Exists(_keyFile)) File.WriteAllText(_keyFile, Guid.NewGuid().ToString());
        var state = file is null ? "" : $"{new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{File.ReadAllText(_keyFile)} {query} {file} {state}")).AsSpan(0, 16));
    }

    private async Task<BulkRankingSummary> WaitAsync(BulkRankingSummary summary, CancellationToken cancellation)
    {
        using var line = new ProgressLine("ranking", "jobs");
        for (var pause = Poll / 8; summary.State is BulkRankingState.Pending or BulkRankingState.Running; pause = pause < Poll ? pause * 2 : Poll)
        {
            line.Report(summary.Ranked + summary.Failed, summary.Total);
            await Task.Delay(pause, cancellation);
            summary = await server.GetAsync<BulkRankingSummary>(Path(summary.Id), cancellation);
        }

        if (summary.State != BulkRankingState.Cancelled) return summary;
        File.Delete(_keyFile);
        throw new CommandException($"bulk ranking {summary.Id} was cancelled on the server; the same command starts another");
    }

    /// <summary>The lines of jobs that were ranked; of the others, the problem is told.</summary>
    private async IAsyncEnumerable<string> LinesAsync(long id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await server.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Path(id) + "/result"), cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (JsonSerializer.Deserialize<Problem>(line, JsonOutput.Options) is { Text: { } problem, Job: var job })
            {
                _failed++;
                Terminal.Say($"job {Terminal.Plain(job)} could not be ranked: {Terminal.Plain(problem)}");
                continue;
            }

            yield return line;
        }
    }

    /// <summary>The output is the lasting copy.</summary>
    private async Task ForgetAsync(long id, CancellationToken cancellation)
    {
        File.Delete(_keyFile);
        using var deleted = await server.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Path(id)), cancellation);
    }

    private static string Path(long id) => string.Create(CultureInfo.InvariantCulture, $"v1/rankings/bulk/{id}");
}
