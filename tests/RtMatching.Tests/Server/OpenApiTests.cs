using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using RtMatching.Server;
using RtMatching.Server.OpenApi;

namespace RtMatching.Tests.Server;

/// <summary>The documentation is part of the program: every endpoint stands in /openapi.json and on the API page.</summary>
public sealed partial class OpenApiTests(OpenApiTests.DescribedServer described) : IClassFixture<OpenApiTests.DescribedServer>
{
    private const string Itself = "/openapi.json";

    [Fact]
    public void Every_endpoint_is_described_with_summary_tag_and_example()
    {
        foreach (var (method, path, endpoint) in described.Endpoints.Where(e => e.Path != Itself))
        {
            var name = $"{method} {path}";
            Assert.True(Operation(method, path) is { ValueKind: JsonValueKind.Object }, $"{name} is not in {Itself}");
            var operation = Operation(method, path);
            foreach (var member in new[] { "summary", "description", "operationId" })
                Assert.False(string.IsNullOrWhiteSpace(Member(operation, member)), $"{name} has no {member}");
            Assert.True(endpoint.Metadata.GetMetadata<EndpointExample>() is not null, $"{name} has no example");
            Assert.True(Tagged(operation), $"{name} has a tag that OpenApiSetup does not describe");
            foreach (var (where, media) in Bodies(operation))
                Assert.True(media.TryGetProperty("example", out _), $"{name}: {where} has no example");
            foreach (var parameter in Items(operation, "parameters").Where(p => p.GetProperty("in").GetString() == "path"))
                Assert.True(parameter.TryGetProperty("example", out _), $"{name}: {parameter.GetProperty("name")} has no example");
        }
    }

    [Fact]
    public void Nothing_is_described_that_does_not_exist()
    {
        foreach (var path in described.Document.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject())
                Assert.Contains(described.Endpoints, e => e.Path == path.Name && e.Method.Equals(operation.Name, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Every_endpoint_stands_on_the_API_page_with_a_transcript()
    {
        var page = File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "API.md"));
        var sections = page.Split("\n## ");
        foreach (var (method, path, _) in described.Endpoints)
        {
            var section = sections.SingleOrDefault(section => section.StartsWith($"`{method} {path}`", StringComparison.Ordinal));
            Assert.True(section is not null, $"{method} {path} has no section in API.md");
            Assert.True(section.Contains("curl ", StringComparison.Ordinal), $"{method} {path} has no transcript in API.md");
        }
    }

    [Fact]
    public void Every_endpoint_but_the_open_ones_names_its_refusals()
    {
        string[] open = ["/alive", "/health"];
        foreach (var (method, path, _) in described.Endpoints.Where(e => e.Path != Itself && !open.Contains(e.Path)))
        {
            var operation = Operation(method, path);
            Assert.Equal(2, operation.GetProperty("security").GetArrayLength());
            foreach (var status in new[] { "401", "429", "503" }) Assert.True(operation.GetProperty("responses").TryGetProperty(status, out _), $"{method} {path}: {status}");
        }
    }

    private JsonElement Operation(string method, string path) =>
        described.Document.GetProperty("paths").TryGetProperty(path, out var item) && item.TryGetProperty(method.ToLowerInvariant(), out var operation) ? operation : default;

    private bool Tagged(JsonElement operation)
    {
        var known = Items(described.Document, "tags").Select(tag => tag.GetProperty("name").GetString()).ToHashSet();
        return Items(operation, "tags").Any() && Items(operation, "tags").All(tag => known.Contains(tag.GetString()));
    }

    private static IEnumerable<(string Where, JsonElement Media)> Bodies(JsonElement operation)
    {
        if (operation.TryGetProperty("requestBody", out var body))
            foreach (var content in body.GetProperty("content").EnumerateObject()) yield return ($"the request as {content.Name}", content.Value);
        foreach (var response in operation.GetProperty("responses").EnumerateObject().Where(r => r.Name[0] == '2'))
        {
            if (!response.Value.TryGetProperty("content", out var contents)) continue;
            foreach (var content in contents.EnumerateObject()) yield return ($"the answer {response.Name} as {content.Name}", content.Value);
        }
    }

    private static string? Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? [.. value.EnumerateArray()] : [];

    /// <summary>A route's constraints, which the document leaves out: <c>{id:long}</c> becomes <c>{id}</c>.</summary>
    [GeneratedRegex(@"\{\**([^:}?]+)[^}]*\}")]
    private static partial Regex Constraint();

    public sealed class DescribedServer : IAsyncLifetime
    {
        private ServerHost _server = null!;

        internal JsonElement Document { get; private set; }
        internal IReadOnlyList<(string Method, string Path, RouteEndpoint Endpoint)> Endpoints { get; private set; } = [];

        public async Task InitializeAsync()
        {
            _server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
            Document = await _server.GetAsync(Itself);
            Endpoints = [.. from endpoint in _server.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
                select (method, "/" + Constraint().Replace(endpoint.RoutePattern.RawText!, "{$1}").Trim('/'), endpoint)];
            Assert.NotEmpty(Endpoints);
        }

        public async Task DisposeAsync() => await _server.DisposeAsync();
    }
}
