using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace RtMatching.Benchmarks;

/// <summary>Many clients, each asking for one ranking after the other; one that is refused waits as long as Retry-After says.</summary>
internal sealed class RankingClients(HttpClient server, int clients, Func<int, string> query)
{
    private readonly ConcurrentBag<double> _milliseconds = [];
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private int _asked;

    /// <summary>Of answered requests, sorted.</summary>
    public IReadOnlyList<double> Milliseconds => [.. _milliseconds.Order()];

    public int Refused => _statuses.GetValueOrDefault(429) + _statuses.GetValueOrDefault(503);

    /// <summary>Answers that are neither a ranking nor a refusal.</summary>
    public IReadOnlyDictionary<int, int> Others => _statuses.Where(status => status.Key is not (200 or 429 or 503)).ToDictionary();

    /// <summary>How many requests came at once; what is under way when the time is over is waited for and counted.</summary>
    public async Task<TimeSpan> RunAsync(CancellationToken until)
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => AskAsync(until)));
        return watch.Elapsed;
    }

    private async Task AskAsync(CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            var body = new { text = query(Interlocked.Increment(ref _asked)), top = 10 };
            var watch = Stopwatch.StartNew();
            using var response = await server.PostAsJsonAsync("/v1/rankings/candidates", body, CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
            _statuses.AddOrUpdate((int)response.StatusCode, 1, (_, count) => count + 1);
            if (response.StatusCode == HttpStatusCode.OK) _milliseconds.Add(watch.Elapsed.TotalMilliseconds);
            else await PauseAsync(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), until);
        }
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken until)
    {
        try
        {
            await Task.Delay(pause, until);
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }
}
