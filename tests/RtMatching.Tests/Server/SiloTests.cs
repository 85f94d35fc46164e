using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using RtMatching.Core.Operations;
using RtMatching.Core.Security;
using RtMatching.Server;
using static RtMatching.Tests.Server.ClusterBackend;

namespace RtMatching.Tests.Server;

/// <summary>A cluster seen and handled over HTTP.</summary>
public sealed class SiloTests : IAsyncLifetime
{
    private const string Hostile = "<img src=//evil.example onerror=alert(1)>\u001b[31m'\"&";

    private ServerHost _server = null!;
    private ClusterBackend _cluster = null!;

    public async Task InitializeAsync() => (_server, _cluster) = await ServeAsync(null, Silo("beta"), Silo("alpha"), Silo("old", SiloState.Dead));

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Silos_are_listed_by_name_and_stand_in_the_status()
    {
        _cluster.Set(Silo("b") with { Batches = 3, Grains = new Dictionary<string, int> { ["matching"] = 7 }, Problem = "its weights are others" }, Silo("a"));
        foreach (var list in new[] { (await _server.GetAsync("/v1/silos")).GetProperty("items"), (await _server.GetAsync("/v1/status")).GetProperty("silos") })
        {
            Assert.Equal(["a", "b"], list.EnumerateArray().Select(silo => silo.GetProperty("name").GetString()));
            Assert.Equal((3, 7, "its weights are others"), (list[1].GetProperty("batches").GetInt32(),
                list[1].GetProperty("grains").GetProperty("matching").GetInt32(), list[1].GetProperty("problem").GetString()));
        }
    }

    [Fact]
    public async Task A_silo_drains_and_works_again_however_often_it_is_told()
    {
        foreach (var (what, state) in new[] { ("drain", "draining"), ("drain", "draining"), ("resume", "active"), ("resume", "active") })
        {
            using var response = await _server.Client.PostAsync($"/v1/silos/alpha/{what}", null);
            Assert.Equal(state, (await ServerHost.JsonAsync(response, HttpStatusCode.Accepted)).GetProperty("state").GetString());
            Assert.Equal("/v1/silos", response.Headers.Location!.ToString());
            Assert.Equal(state, await StateAsync("alpha"));
            Assert.Equal("active", await StateAsync("beta"));
        }
    }

    [Fact]
    public async Task Of_two_with_one_name_the_living_one_answers()
    {
        _cluster.Set(Silo("a", SiloState.Dead) with { Address = "10.0.0.2:1" }, Silo("a"));
        _cluster.Step = silo => silo;
        using var response = await _server.Client.PostAsync("/v1/silos/a/resume", null);
        Assert.Equal("active", (await ServerHost.JsonAsync(response, HttpStatusCode.Accepted)).GetProperty("state").GetString());
    }

    private async Task<string?> StateAsync(string name) => (await _server.GetAsync("/v1/silos")).GetProperty("items").EnumerateArray()
        .Single(silo => silo.GetProperty("name").GetString() == name).GetProperty("state").GetString();

    public static TheoryData<string> UnknownNames =>
        ["nobody", "ALPHA", "alpha ", "a/b", "%2e%2e", "null", "\u001b[31m", "<script>alert(1)</script>", "é😀", new string('x', 99) + "😀" + new string('x', 3000)];

    [Theory]
    [MemberData(nameof(UnknownNames))]
    public async Task An_unknown_silo_is_told_with_those_there_are(string name)
    {
        foreach (var what in new[] { "drain", "resume" })
        {
            using var response = await _server.Client.PostAsync($"/v1/silos/{Uri.EscapeDataString(name)}/{what}", null);
            var detail = (await ServerHost.JsonAsync(response, HttpStatusCode.NotFound)).GetProperty("detail").GetString()!;
            Assert.EndsWith("there are: alpha, beta.", detail, StringComparison.Ordinal);      // the dead one cannot be drained
            Assert.InRange(detail.Length, 10, 300);
        }
    }

    [Fact]
    public async Task Of_a_thousand_silos_an_unknown_name_is_told_some()
    {
        _cluster.Set([.. Enumerable.Range(0, 1000).Select(i => Silo($"silo-{i:0000}"))]);
        using var response = await _server.Client.PostAsync("/v1/silos/nobody/drain", null);
        var detail = (await ServerHost.JsonAsync(response, HttpStatusCode.NotFound)).GetProperty("detail").GetString()!;
        Assert.EndsWith("silo-0019 and 980 more.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_cluster_says_so()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        Assert.Equal(0, (await server.GetAsync("/v1/silos")).GetProperty("items").GetArrayLength());
        foreach (var what in new[] { "drain", "resume" })
        {
            using var response = await server.Client.PostAsync($"/v1/silos/alpha/{what}", null);
            Assert.Contains("one process", (await ServerHost.JsonAsync(response, HttpStatusCode.Conflict)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await server.GetAsync("/v1/status")).GetProperty("silos").GetArrayLength());
        Assert.DoesNotContain("silo", await server.Client.GetStringAsync("/status"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Silos_ask_for_a_key_where_one_is_needed_and_for_no_password_of_a_browser()
    {
        var (server, _) = await ServeAsync(new ServerOptions { Work = 0, RequireKeys = true }, Silo("alpha"));
        await using var keyed = server;
        var key = (await new ApiKeyStore(server.Test.Database).CreateAsync("tests", "acme")).Key;
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"me:{key}"));
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/v1/silos"), (HttpMethod.Post, "/v1/silos/alpha/drain"), (HttpMethod.Post, "/v1/silos/alpha/resume") })
        {
            foreach (var authorization in new[] { null, "Bearer rtm_unknown", $"Basic {basic}", $"Bearer {key}" })
            {
                using var request = new HttpRequestMessage(method, path);
                if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
                using var response = await server.Client.SendAsync(request);
                Assert.Equal(authorization == $"Bearer {key}", response.IsSuccessStatusCode);
                if (!response.IsSuccessStatusCode) await ServerHost.JsonAsync(response, HttpStatusCode.Unauthorized);
            }
        }
    }

    [Fact]
    public async Task Silos_that_do_not_answer_cost_their_part_of_the_status_and_no_more()
    {
        _cluster.Engines = [new EngineStatus("alpha cpu", [], ["embed"], true, null, 0, 0)];
        _cluster.BeforeSilos = cancellation => Task.Delay(Timeout.Infinite, CancellationToken.None);      // and does not listen either
        var report = await _server.GetAsync("/v1/status");
        Assert.StartsWith("silos (", report.GetProperty("unread")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal((0, 1), (report.GetProperty("silos").GetArrayLength(), report.GetProperty("engines").GetArrayLength()));
    }

    [Fact]
    public async Task The_page_shows_each_silo_and_encodes_what_others_wrote()
    {
        _cluster.Set(Silo(Hostile, SiloState.Draining) with
        {
            Version = Hostile, Engine = Hostile, Problem = Hostile, Work = [Hostile], Batches = 3, SeenSecondsAgo = 4, Grains = new Dictionary<string, int> { [Hostile] = 1 },
        }, Silo("b", Hostile), Silo("c") with { Work = [], Engine = null, SeenSecondsAgo = null });
        var page = await _server.Client.GetStringAsync("/status");
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\" onerror", page, StringComparison.OrdinalIgnoreCase);
        var rows = Regex.Match(page, "<h2>Silos</h2>(.*?)</table>", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(9, Regex.Count(rows, "<th "));
        Assert.Contains("<span class=\"pill warning\">draining</span>", rows, StringComparison.Ordinal);
        Assert.Contains("<span>4 s ago</span>", rows, StringComparison.Ordinal);
        Assert.Contains("<span>requests only</span>", rows, StringComparison.Ordinal);
        Assert.Contains("<span>never</span>", rows, StringComparison.Ordinal);
        Assert.Contains("<dt>silos active</dt><dd>1 of 3</dd>", page, StringComparison.Ordinal);
        Assert.Contains("draining, 3 batches in flight", page, StringComparison.Ordinal);
    }
}
