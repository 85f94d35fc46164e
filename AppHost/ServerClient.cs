using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace RtMatching.AppHost;

/// <summary>What the dashboard's commands ask of the server, over its HTTP API.</summary>
internal sealed class ServerClient : IDisposable
{
    private const int PageSize = 1000;

    private readonly HttpClient _http;

    public ServerClient(Uri address, string key)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        _http.DefaultRequestHeaders.Add("X-Api-Key", key);
    }

    /// <summary>Hands every file of a folder in.</summary>
    /// <param name="kind">cv or job.</param>
    /// <returns>The ingestion's number, and how many files.</returns>
    public async Task<(long Ingestion, int Files)> IngestAsync(string folder, string kind, string profile, CancellationToken cancellation)
    {
        using var form = new MultipartFormDataContent();
        var paths = Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToList();
        foreach (var path in paths) form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(path, cancellation)), "file", Path.GetFileName(path));
        var query = $"kind={kind}&source=samples&profile={Uri.EscapeDataString(profile)}";
        var answer = await AnswerAsync(HttpMethod.Post, $"/v1/ingestions?{query}", form, cancellation);
        return (answer.GetProperty("id").GetInt64(), paths.Count);
    }

    /// <summary>Works again on what was given up or rejected, in every ingestion that has such items.</summary>
    /// <returns>How many items, of how many ingestions.</returns>
    public async Task<(long Items, int Ingestions)> RetryFailedAsync(CancellationToken cancellation)
    {
        var (items, ingestions, after) = (0L, 0, "");
        while (true)
        {
            var page = await AnswerAsync(HttpMethod.Get, $"/v1/ingestions?limit={PageSize}{after}", null, cancellation);
            foreach (var ingestion in page.GetProperty("items").EnumerateArray())
            {
                if (Failed(ingestion) is not (> 0 and var failed)) continue;
                await AnswerAsync(HttpMethod.Post, $"/v1/ingestions/{ingestion.GetProperty("id").GetInt64()}/retry", null, cancellation);
                (items, ingestions) = (items + failed, ingestions + 1);
            }

            if (page.GetProperty("next") is not { ValueKind: JsonValueKind.Number } next) return (items, ingestions);
            after = $"&after={next.GetInt64()}";
        }
    }

    /// <summary>Empties a silo, or has it work again.</summary>
    public Task SetDrainAsync(string silo, bool drain, CancellationToken cancellation) =>
        AnswerAsync(HttpMethod.Post, $"/v1/silos/{Uri.EscapeDataString(silo)}/{(drain ? "drain" : "resume")}", null, cancellation);

    /// <summary>Has a profile embed with a model.</summary>
    /// <returns>What is left to do, as the server says it; null where nothing is.</returns>
    public async Task<string?> SetModelAsync(string profile, string model, CancellationToken cancellation)
    {
        var path = $"/v1/profiles/{Uri.EscapeDataString(profile)}";
        var answer = await AnswerAsync(HttpMethod.Put, path, JsonContent.Create(new { model }), cancellation);
        return answer.GetProperty("note").GetString();
    }

    private static long Failed(JsonElement ingestion) =>
        ingestion.GetProperty("counts").GetProperty("dead").GetInt64() + ingestion.GetProperty("counts").GetProperty("rejected").GetInt64();

    /// <exception cref="HttpRequestException">Refused; the message is the server's own, or that it does not answer.</exception>
    private async Task<JsonElement> AnswerAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await _http.SendAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{method} {path.Split('?')[0]}: {await ReasonAsync(response, cancellation)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        if (response.Content.Headers.ContentType is not MediaTypeHeaderValue { MediaType: "application/problem+json" }) return status;
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return problem.TryGetProperty("detail", out var detail) && detail.GetString() is { } text ? text : status;
    }

    public void Dispose() => _http.Dispose();
}
