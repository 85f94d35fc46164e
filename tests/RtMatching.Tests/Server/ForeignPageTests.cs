using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RtMatching.Core.Security;
using RtMatching.Server;
using RtMatching.Server.Security;

namespace RtMatching.Tests.Server;

/// <summary>A dashboard as another library would map it: a page, its script, the data that the script fetches.</summary>
public sealed class ForeignPageTests(ForeignPageTests.Servers servers) : IClassFixture<ForeignPageTests.Servers>
{
    private const string OfItsOwn = "default-src 'none'; img-src https:";

    public static TheoryData<string> Paths => ["/gauges/", "/gauges/app.js", "/gauges/data", "/gauges/silos/any/thing", "/gauges/open"];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Without_a_key_a_browser_is_asked_for_one(string path)
    {
        using var response = await servers.Keyed.Client.GetAsync(path);
        await ServerHost.JsonAsync(response, HttpStatusCode.Unauthorized);
        Assert.Equal("Basic", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_browser_with_the_key_gets_page_script_and_data(string path)
    {
        using var response = await SendAsync(servers.Keyed, path, ("Authorization", Basic(servers.Key)), ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(ForeignPages.OwnAssetsOnly, Policy(response));
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task A_program_sends_the_key_in_a_header()
    {
        using var response = await SendAsync(servers.Keyed, "/gauges/data", ("Authorization", $"Bearer {servers.Key}"));
        Assert.Equal("\"acme\"", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_wrong_password_opens_nothing()
    {
        using var response = await SendAsync(servers.Keyed, "/gauges/", ("Authorization", Basic("rtm_unknown")));
        await ServerHost.JsonAsync(response, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_password_for_the_dashboard_is_none_for_the_api()
    {
        using var response = await SendAsync(servers.Keyed, "/v1/status", ("Authorization", Basic(servers.Key)));
        await ServerHost.JsonAsync(response, HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task No_page_of_another_site_uses_the_password_that_a_browser_remembers(string header, string value)
    {
        using var response = await SendAsync(servers.Keyed, "/gauges/data", ("Authorization", Basic(servers.Key)), (header, value));
        await ServerHost.JsonAsync(response, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_server_on_loopback_asks_for_no_key_but_answers_to_its_own_name_only()
    {
        using var response = await servers.Open.Client.GetAsync("/gauges/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var misdirected = await SendAsync(servers.Open, "/gauges/open", ("Host", "evil.example"));
        await ServerHost.JsonAsync(misdirected, HttpStatusCode.MisdirectedRequest);
    }

    [Fact]
    public async Task An_endpoint_may_say_its_policy_itself_and_an_error_allows_nothing()
    {
        using var own = await servers.Open.Client.GetAsync("/gauges/own-policy");
        Assert.Equal(OfItsOwn, Policy(own));
        using var failed = await servers.Open.Client.GetAsync("/gauges/fails");
        await ServerHost.JsonAsync(failed, HttpStatusCode.InternalServerError);
        Assert.DoesNotContain("'self'", Policy(failed), StringComparison.Ordinal);
        using var api = await servers.Open.Client.GetAsync("/v1/status");
        Assert.DoesNotContain("'self'", Policy(api), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stands_in_no_description_of_the_api()
    {
        var paths = (await servers.Open.GetAsync("/openapi.json")).GetProperty("paths");
        Assert.DoesNotContain(paths.EnumerateObject(), path => path.Name.StartsWith("/gauges", StringComparison.Ordinal));
    }

    private static string Basic(string key) => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{key}"))).ToString();

    private static string Policy(HttpResponseMessage response) => response.Headers.GetValues("Content-Security-Policy").Single();

    private static async Task<HttpResponseMessage> SendAsync(ServerHost server, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await server.Client.SendAsync(request);
    }

    private static void MapGauges(WebApplication app)
    {
        RouteGroupBuilder group = app.MapGroup("/gauges");
        group.MapGet("/", () => Results.Text("<!doctype html><script src=app.js></script>", "text/html"));
        group.MapGet("/app.js", () => Results.Text("fetch('data')", "text/javascript"));
        group.MapGet("/data", (Caller caller) => Results.Json(caller.Tenant));
        group.MapGet("/silos/{*address}", (string address) => Results.Json(address));
        group.MapGet("/open", () => Results.Json(1)).AllowAnonymous();
        group.MapGet("/fails", IResult () => throw new InvalidOperationException("as a library may"));
        group.MapGet("/own-policy", (HttpResponse response) => { response.Headers.ContentSecurityPolicy = OfItsOwn; });
        group.RequireApiKey();
    }

    /// <summary>One server that asks for keys and one that does not.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        internal ServerHost Keyed { get; private set; } = null!;
        internal ServerHost Open { get; private set; } = null!;
        internal string Key { get; private set; } = "";

        public async Task InitializeAsync()
        {
            Keyed = await ServerHost.StartAsync(new ServerOptions { Work = 0, RequireKeys = true }, endpoints: MapGauges);
            Open = await ServerHost.StartAsync(new ServerOptions { Work = 0 }, endpoints: MapGauges);
            Key = (await new ApiKeyStore(Keyed.Test.Database).CreateAsync("tests", "acme")).Key;
        }

        public async Task DisposeAsync()
        {
            await Keyed.DisposeAsync();
            await Open.DisposeAsync();
        }
    }
}
