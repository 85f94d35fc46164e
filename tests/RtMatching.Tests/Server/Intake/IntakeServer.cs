using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Pooling;
using RtMatching.Server;
using RtMatching.Server.Backend;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server.Intake;

/// <summary>A server that takes documents in and works on none of them, so that what is in the queue can be looked at.</summary>
public sealed class IntakeServer : IAsyncLifetime
{
    internal const int MaxDocumentBytes = 50_000;

    private ServerHost? _server;

    internal IdleBackend Backend { get; } = new();
    internal ServerHost Server => _server!;
    internal TestDatabase Test => Server.Test;
    internal HttpClient Client => Server.Client;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions { Work = 0, Ingestion = new IngestionOptions { MaxDocumentBytes = MaxDocumentBytes } };
        _server = await ServerHost.StartAsync(options, services: _ => services => services.AddSingleton<IMatchingBackend>(Backend));
        await new ProfileStore(Test.Database).SaveAsync(StoredDocuments.Profile());      // so that no model is loaded to make one
    }

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();

    internal static ByteArrayContent Body(string text, string type) => Body(Encoding.UTF8.GetBytes(text), type);

    internal static ByteArrayContent Body(byte[] bytes, string type) => new(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    internal static MultipartFormDataContent Files(params (string Name, string Text)[] files)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, text) in files) form.Add(new StringContent(text), "file", name);
        return form;
    }

    internal async Task<HttpResponseMessage> SubmitAsync(HttpContent? body, string query = "", string? key = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/ingestions{query}") { Content = body };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await Client.SendAsync(request, cancellation);
    }

    internal async Task<long> SubmittedAsync(HttpContent? body, string query = "", string? key = null) =>
        (await ServerHost.JsonAsync(await SubmitAsync(body, query, key), HttpStatusCode.Accepted)).GetProperty("id").GetInt64();

    internal async Task<string> RefusedAsync(HttpStatusCode status, HttpContent? body, string query = "", string? key = null)
    {
        var problem = await ServerHost.JsonAsync(await SubmitAsync(body, query, key), status);
        return problem.GetProperty("detail").GetString()!;
    }

    /// <summary>Name and outcome of each item; queued ones have none.</summary>
    internal async Task<(string Name, string? Outcome)[]> ItemsAsync(long id)
    {
        var page = await Server.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/ingestions/{id}/items?limit=1000"));
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
        return [.. page.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("name").GetString()!, item.GetProperty("outcome").GetString()))];
    }

    internal sealed class IdleBackend : IMatchingBackend
    {
        public ConcurrentQueue<long> Started { get; } = [];

        public Task StartIngestionAsync(long id, CancellationToken cancellation)
        {
            Started.Enqueue(id);
            return Task.CompletedTask;
        }

        public Task StartBulkRankingAsync(long id, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
            string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<EngineStatus>>([]);

        public Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SiloStatus>>([]);

        public Task DrainAsync(string silo, bool drain, CancellationToken cancellation) => throw new NotSupportedException();

        public IAsyncEnumerable<RankingAnswer> FollowAsync(
            string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
