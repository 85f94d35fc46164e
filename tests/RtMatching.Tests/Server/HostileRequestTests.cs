using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RtMatching.Server;
using RtMatching.Server.Limits;
using RtMatching.Tests.Server.Rankings;

namespace RtMatching.Tests.Server;

/// <summary>Requests that mean harm, or look like it: each has its answer, and after each the server still ranks rightly.</summary>
public sealed class HostileRequestTests(HostileRequestTests.Victim victim) : IClassFixture<HostileRequestTests.Victim>, IAsyncLifetime
{
    private const string Rank = "/v1/rankings/candidates";
    private const int JsonBytes = 64 * 1024;
    private const int HeaderBytes = 16 * 1024;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>After every one of these tests.</summary>
    public async Task DisposeAsync() => await victim.RankAsync();

    [Theory]
    [InlineData("not json", 400)]
    [InlineData("", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    [InlineData("{\"text\": 5}", 400)]
    [InlineData("{\"text\": \"a\", \"top\": -1}", 400)]
    [InlineData("{\"text\": \"a\", \"top\": 99999999999999999999}", 400)]
    [InlineData("{\"text\": \"a\", \"top\": \"3\"}", 400)]
    [InlineData("{\"text\": \"a\", \"offset\": -1}", 400)]
    [InlineData("{\"text\": \"a\", \"offset\": 2147483647}", 400)]
    [InlineData("{\"text\": \"a\", \"mode\": \"magic\"}", 400)]
    [InlineData("{\"text\": \"a\\u0000b\", \"profile\": \"test\", \"filter\": {\"tags\": [\"\\u0000\"]}}", 400)]
    [InlineData("{\"text\": \"\\ud800\"}", 400)]
    [InlineData("{\"job_id\": 9223372036854775807, \"profile\": \"test\"}", 404)]
    public async Task A_body_that_cannot_be_read_is_refused_without_being_repeated(string body, int status)
    {
        using var response = await victim.Server.Client.PostAsync(Rank, new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await ProblemAsync(response, status);
        if (body == "not json") Assert.DoesNotContain(body, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_member_is_named_with_those_there_are()
    {
        using var response = await victim.Server.Client.PostAsJsonAsync(Rank, new { text = "nurse", filter = new { tagz = new[] { "berlin" } } });
        var detail = (await ProblemAsync(response, 400)).GetProperty("detail").GetString();
        Assert.StartsWith("There is no member \"filter.tagz\" here; there are: tags,", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_utf8_is_refused()
    {
        using var content = new ByteArrayContent([.. "{\"text\": \""u8, 0xff, 0xfe, 0xc0, 0x80, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");
        await ProblemAsync(await victim.Server.Client.PostAsync(Rank, content), 400);
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        var deep = new string('[', 20_000);
        await ProblemAsync(await victim.Server.Client.PostAsync(Rank, new StringContent($"{{\"filter\":{deep}", Encoding.UTF8, "application/json")), 400);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("multipart/form-data")]
    public async Task Another_content_type_is_refused(string type)
    {
        using var content = new StringContent("{\"text\":\"nurse\"}");
        content.Headers.ContentType = new(type);
        await ProblemAsync(await victim.Server.Client.PostAsync(Rank, content), 415);
    }

    [Fact]
    public async Task A_body_too_large_is_refused_by_its_announced_length_and_by_what_comes()
    {
        var large = new { text = new string('x', JsonBytes) };
        await ProblemAsync(await victim.Server.Client.PostAsJsonAsync(Rank, large), 413);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, Rank) { Content = JsonContent.Create(large) };
        chunked.Headers.TransferEncodingChunked = true;
        await ProblemAsync(await victim.Server.Client.SendAsync(chunked), 413);

        // Announced, never sent: nothing is kept ready for it.
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync($"POST {Rank} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n{{");
        Assert.Equal(413, await raw.StatusAsync());
    }

    [Theory]
    [InlineData("POST", "/alive", 405)]
    [InlineData("DELETE", Rank, 405)]
    [InlineData("BREW", Rank, 405)]
    [InlineData("TRACE", "/alive", 405)]
    [InlineData("GET", "/v1/../../etc/passwd", 404)]
    [InlineData("GET", "/v1/%2e%2e/%2e%2e/etc/passwd", 404)]
    [InlineData("GET", "/v1/documents/99999999999999999999", 404)]
    public async Task Unknown_methods_and_paths_are_told_as_problems(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await victim.Server.Client.SendAsync(request);
        await ProblemAsync(response, status);
        if (status == 405) Assert.NotEmpty(response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Options_names_the_methods_and_head_leaves_out_the_body()
    {
        using var options = await victim.Server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, Rank));
        Assert.Equal((HttpStatusCode.NoContent, "POST"), (options.StatusCode, options.Content.Headers.Allow.Single()));
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync("HEAD /alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        var answer = await raw.ReadAsync();
        Assert.Equal(200, RawConnection.Status(answer));
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /\r\n\r\n", 400)]                                                                     // HTTP/0.9
    [InlineData("\0\u0001\u0002 garbage\r\n\r\n", 400)]
    [InlineData("GET /v1/profiles/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /alive HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData("GET /alive HTTP/1.1\r\n\r\n", 400)]                                                      // no Host
    [InlineData("GET /alive HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("GET /alive HTTP/1.1\r\nHost: localhost\r\nName : space\r\n\r\n", 400)]
    [InlineData("POST /v1/rankings/candidates HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400)]
    [InlineData("POST /v1/rankings/candidates HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST /v1/rankings/candidates HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 400)]
    [InlineData("POST /v1/rankings/candidates HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    public async Task What_is_no_http_is_refused_and_the_connection_closed(string request, int status)
    {
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync(request);
        var answer = await raw.ReadAsync();
        Assert.True(RawConnection.Status(answer) == status, answer);
    }

    [Fact]
    public async Task A_second_request_smuggled_behind_an_ambiguous_length_is_never_answered()
    {
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync($"POST {Rank} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + "GET /alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        var answer = await raw.ReadAsync();
        Assert.Equal(400, RawConnection.Status(answer));
        Assert.DoesNotContain("alive\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Large", HeaderBytes + 1, 1)]
    [InlineData("X-Many", 1, 200)]
    public async Task Too_many_or_too_large_headers_are_refused(string name, int length, int count)
    {
        await using var raw = await victim.ConnectAsync();
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"{name}-{i}: {new string('x', length)}\r\n"));
        await raw.SendAsync($"GET /alive HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        Assert.Equal(431, await raw.StatusAsync());
    }

    [Fact]
    public async Task A_long_request_line_is_refused()
    {
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync($"GET /{new string('x', 20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(414, await raw.StatusAsync());
    }

    [Fact]
    public async Task Headers_that_never_end_are_waited_for_a_second()
    {
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync("GET /alive HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        Assert.Equal(408, await raw.StatusAsync());
    }

    [Fact]
    public async Task A_body_that_trickles_is_given_up()
    {
        await using var raw = await victim.ConnectAsync();
        await raw.SendAsync($"POST {Rank} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"text\":");
        var clock = Stopwatch.StartNew();
        var answer = await raw.ReadAsync();
        Assert.True(RawConnection.Status(answer) == 408, answer);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_is_forgotten()
    {
        await using (var raw = await victim.ConnectAsync())
            await raw.SendAsync($"POST {Rank} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"text\":");
    }

    [Fact]
    public async Task A_thousand_open_connections_starve_nobody()
    {
        var idle = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(async i =>
        {
            var connection = await victim.ConnectAsync();
            if (i % 2 == 0) await connection.SendAsync("GET /alive HTTP/1.1\r\n");
            return connection;
        }));
        var clock = Stopwatch.StartNew();
        await victim.RankAsync();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"the ranking took {clock.Elapsed}");
        foreach (var connection in idle) await connection.DisposeAsync();
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status)
    {
        var problem = await ServerHost.JsonAsync(response, (HttpStatusCode)status);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("trace_id").GetString());
        Assert.DoesNotContain("   at ", problem.ToString(), StringComparison.Ordinal);
        return problem;
    }

    /// <summary>A server with short limits, and three CVs whose order for a job is known.</summary>
    public sealed class Victim : IAsyncLifetime
    {
        internal ServerHost Server { get; private set; } = null!;
        private long _nurse;

        public async Task InitializeAsync()
        {
            (Server, var corpus, _) = await WordsBackend.ServeAsync(new ServerOptions
            {
                Work = 0,
                Limits = new RequestLimits { JsonBytes = JsonBytes, HeaderBytes = HeaderBytes, HeaderSeconds = 1, BodyBytesPerSecond = 1_000_000, BodyGraceSeconds = 2 },
            });
            _nurse = await corpus.AddAsync("cv-nurse", "a nurse on a surgical ward");
            await corpus.AddAsync("cv-cook", "a cook in a kitchen");
            await corpus.AddAsync("cv-driver", "a driver");
        }

        internal Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Server.Address);

        /// <summary>Ranks, and checks the order.</summary>
        internal async Task RankAsync()
        {
            var page = await Server.PostAsync(Rank, new { text = "nurse for a surgical ward", profile = "test" });
            Assert.Equal(_nurse, page.GetProperty("ranking")[0].GetProperty("document_id").GetInt64());
        }

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
