using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RtMatching.Core.Ingestion;
using RtMatching.Server;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server;

/// <summary>The server itself, in this process on a free port of loopback, over a database of the test's own.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServerHost(TestDatabase test, WebApplication app)
    {
        (Test, _app) = (test, app);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public static JsonSerializerOptions Json { get; } = JsonOptions();

    public TestDatabase Test { get; }
    public HttpClient Client { get; }
    public IServiceProvider Services => _app.Services;
    public T Service<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public string Address => Client.BaseAddress!.ToString();

    /// <param name="services">Registered in place of the server's own.</param>
    /// <param name="endpoints">Mapped beside the server's own.</param>
    public static async Task<ServerHost> StartAsync(
        ServerOptions? options = null, string urls = "http://127.0.0.1:0", Func<TestDatabase, Action<IServiceCollection>>? services = null,
        Action<WebApplication>? endpoints = null)
    {
        var test = await TestDatabase.CreateAsync();
        var app = RtMatchingHost.Build(test.Database, options ?? new ServerOptions(), urls, services?.Invoke(test));
        endpoints?.Invoke(app);
        await app.StartAsync();
        return new ServerHost(test, app);
    }

    /// <summary>The answer's body, which must be JSON, after checking its status.</summary>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} instead of {(int)status}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    public async Task<JsonElement> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK) => await JsonAsync(await Client.GetAsync(path), status);

    public async Task<JsonElement> PostAsync(string path, object body, HttpStatusCode status = HttpStatusCode.OK) =>
        await JsonAsync(await Client.PostAsJsonAsync(path, body, Json), status);

    private static JsonSerializerOptions JsonOptions()
    {
        var json = new JsonSerializerOptions();
        ServiceSetup.Configure(json);
        return json;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Test.DisposeAsync();
    }
}
