using System.Net;
using System.Net.Http.Json;
using RtMatching.Server;
using RtMatching.Server.Limits;
using RtMatching.Tests.Server.Rankings;

namespace RtMatching.Tests.Server;

/// <summary>What happens beyond the limits of how much at once, how often, and how long.</summary>
public class LimitTests
{
    private static readonly object Job = new { text = "a nurse", profile = "test" };

    [Fact]
    public async Task Rankings_beyond_the_queue_are_told_when_to_come_back()
    {
        var (server, corpus, backend) = await WordsBackend.ServeAsync(With(new RequestLimits { Rankings = 1, RankingQueue = 1 }));
        await using var _ = server;
        await corpus.AddAsync("cv", "a nurse");
        var (started, release) = (new SemaphoreSlim(0), new TaskCompletionSource());
        backend.Before = async cancellation =>
        {
            started.Release();
            await release.Task.WaitAsync(cancellation);
        };

        var running = RankAsync(server);
        await started.WaitAsync();
        var others = new[] { RankAsync(server), RankAsync(server) };   // one waits, and whichever comes last is refused
        using var refused = await await Task.WhenAny(others);
        var problem = await ServerHost.JsonAsync(refused, HttpStatusCode.ServiceUnavailable);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Contains("Retry-After", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await server.GetAsync("/alive");

        release.SetResult();
        Assert.Equal(2, new[] { await running, await others[0], await others[1] }.Count(r => r.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task A_caller_that_asks_too_often_is_told_when_to_come_back()
    {
        await using var server = await ServerHost.StartAsync(With(new RequestLimits { RequestBurst = 2, RequestsPerSecond = 1 }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.Client.GetAsync("/v1/profiles")));
        Assert.InRange(answers.Count(answer => answer.IsSuccessStatusCode), 2, 18);   // more than two where twenty took seconds
        var refused = answers.Last(answer => !answer.IsSuccessStatusCode);
        await ServerHost.JsonAsync(refused, HttpStatusCode.TooManyRequests);
        var wait = refused.Headers.RetryAfter!.Delta!.Value;
        Assert.InRange(wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        await server.GetAsync("/alive");   // what probes ask is never limited

        var patience = TimeSpan.FromSeconds(20);   // a busy machine gives tokens late
        for (HttpResponseMessage? later = null; later?.IsSuccessStatusCode != true && patience > TimeSpan.Zero; patience -= wait)
        {
            await Task.Delay(wait);
            later = await server.Client.GetAsync("/v1/profiles");
        }

        Assert.True(patience > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_stopped()
    {
        var (server, corpus, backend) = await WordsBackend.ServeAsync(With(new RequestLimits { RequestSeconds = 1 }));
        await using var _ = server;
        await corpus.AddAsync("cv", "a nurse");
        var stopped = new TaskCompletionSource();
        backend.Before = async cancellation =>
        {
            await using var registration = cancellation.Register(stopped.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        using var response = await RankAsync(server);
        var problem = await ServerHost.JsonAsync(response, HttpStatusCode.GatewayTimeout);
        Assert.Contains("1 seconds", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    private static ServerOptions With(RequestLimits limits) => new() { Work = 0, Limits = limits };

    private static Task<HttpResponseMessage> RankAsync(ServerHost server) => server.Client.PostAsJsonAsync("/v1/rankings/candidates", Job, ServerHost.Json);
}
