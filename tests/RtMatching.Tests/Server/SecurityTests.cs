using System.Net;
using System.Net.Http.Headers;
using System.Text;
using RtMatching.Core.Security;
using RtMatching.Server;
using RtMatching.Server.Security;

namespace RtMatching.Tests.Server;

/// <summary>Who is let in, on a server that asks for keys and on one that does not.</summary>
public sealed class SecurityTests(SecurityTests.Servers servers) : IClassFixture<SecurityTests.Servers>
{
    private const string Path = "/v1/anything";   // asked for a key like any other, and then not found

    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://127.9.9.9:1", true)]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://[::1]:8080", true)]
    [InlineData("http://unix:/run/rtmatch.sock", true)]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://+:8080", false)]
    [InlineData("http://192.168.0.7:8080", false)]
    [InlineData("http://localhost.example.org:8080", false)]
    public void Loopback_is_told_from_the_network(string url, bool local) => Assert.Equal(local, Exposure.IsLocal(url));

    [Fact]
    public async Task Listening_everywhere_asks_for_keys()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 }, "http://127.0.0.1:0;http://0.0.0.0:0");
        using var response = await server.Client.GetAsync(Path);
        var problem = await ServerHost.JsonAsync(response, HttpStatusCode.Unauthorized);
        Assert.Contains("rtmatch keys create", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task A_key_opens_in_either_header_and_carries_its_tenant()
    {
        await AskAsync(servers.Keyed, HttpStatusCode.NotFound, ("Authorization", $"Bearer {servers.Key}"));
        await AskAsync(servers.Keyed, HttpStatusCode.NotFound, ("authorization", $"bearer {servers.Key}"));
        await AskAsync(servers.Keyed, HttpStatusCode.NotFound, ("X-Api-Key", servers.Key));
        var known = servers.Keyed.Service<KnownKeys>();
        Assert.Equal("acme", (await known.FindAsync(servers.Key, "here", default))!.Tenant);
    }

    [Theory]
    [InlineData("Authorization", "Bearer rtm_unknown")]
    [InlineData("Authorization", "Bearer rtm_0123456789012345678901234567890123456789012")]
    [InlineData("Authorization", "Bearer")]
    [InlineData("Authorization", "Digest username=\"x\"")]
    [InlineData("Authorization", ";;;")]
    [InlineData("X-Api-Key", "")]
    [InlineData("X-Api-Key", "rtm_%00")]
    public async Task A_wrong_key_opens_nothing_even_where_none_is_needed(string header, string value)
    {
        await AskAsync(servers.Keyed, HttpStatusCode.Unauthorized, (header, value));
        await AskAsync(servers.Open, HttpStatusCode.Unauthorized, (header, value));
    }

    [Fact]
    public async Task A_key_as_a_password_is_for_pages_alone()
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{servers.Key}"));
        await AskAsync(servers.Keyed, HttpStatusCode.Unauthorized, ("Authorization", $"Basic {basic}"));
        await AskAsync(servers.Keyed, HttpStatusCode.Unauthorized, ("Authorization", "Basic !!!"));
    }

    [Fact]
    public async Task A_revoked_key_stops_opening_once_it_is_looked_up_again()
    {
        var store = new ApiKeyStore(servers.Keyed.Test.Database);
        var made = await store.CreateAsync("short-lived");
        var time = new SteppedTime();
        using var known = new KnownKeys(store, time);
        Assert.Null((await known.FindAsync(made.Key, "here", default))!.RevokedAt);
        await store.RevokeAsync(made.Stored.Id);
        Assert.Null((await known.FindAsync(made.Key, "here", default))!.RevokedAt);
        time.Now += KnownKeys.Memory;
        Assert.NotNull((await known.FindAsync(made.Key, "here", default))!.RevokedAt);
        await AskAsync(servers.Keyed, HttpStatusCode.Unauthorized, ("X-Api-Key", made.Key));
    }

    [Theory]
    [InlineData("Host", "evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("Host", "127.0.0.1.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("Host", "localhost:1", HttpStatusCode.NotFound)]
    [InlineData("Host", "[::1]", HttpStatusCode.NotFound)]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.NotFound)]
    [InlineData("Sec-Fetch-Site", "none", HttpStatusCode.NotFound)]
    public async Task No_web_page_drives_a_server_that_needs_no_key(string header, string value, HttpStatusCode expected)
    {
        await AskAsync(servers.Open, expected, (header, value));
        await AskAsync(servers.Open, HttpStatusCode.NotFound, (header, value), ("X-Api-Key", servers.OpenKey));   // but whoever has a key may
    }

    [Fact]
    public async Task A_link_may_be_followed_from_anywhere() => await AskAsync(
        servers.Open, HttpStatusCode.NotFound, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"));

    [Theory]
    [InlineData("/alive")]
    [InlineData("/openapi.json")]
    public async Task Some_answers_need_no_key(string path)
    {
        using var response = await servers.Keyed.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Guessing_keys_is_slowed_down()
    {
        using var known = new KnownKeys(new ApiKeyStore(servers.Keyed.Test.Database), TimeProvider.System);
        var refusal = await Assert.ThrowsAsync<RtMatching.Server.Errors.ProblemException>(async () =>
        {
            for (var i = 0; i < 2_000; i++) await known.FindAsync($"rtm_{i:0000000000000000000000000000000000000000000}", "there", default);
        });
        Assert.Equal(429, refusal.Status);
        Assert.NotNull(await known.FindAsync(servers.Key, "elsewhere", default));
    }

    private static async Task AskAsync(ServerHost server, HttpStatusCode expected, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await server.Client.SendAsync(request);
        await ServerHost.JsonAsync(response, expected);
        Assert.Equal(new MediaTypeHeaderValue("application/problem+json"), response.Content.Headers.ContentType);
    }

    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>One server that asks for keys and one that does not.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        internal ServerHost Keyed { get; private set; } = null!;
        internal ServerHost Open { get; private set; } = null!;
        internal string Key { get; private set; } = "";
        internal string OpenKey { get; private set; } = "";

        public async Task InitializeAsync()
        {
            Keyed = await ServerHost.StartAsync(new ServerOptions { Work = 0, RequireKeys = true });
            Open = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
            Key = (await new ApiKeyStore(Keyed.Test.Database).CreateAsync("tests", "acme")).Key;
            OpenKey = (await new ApiKeyStore(Open.Test.Database).CreateAsync("tests")).Key;
        }

        public async Task DisposeAsync()
        {
            await Keyed.DisposeAsync();
            await Open.DisposeAsync();
        }
    }
}
