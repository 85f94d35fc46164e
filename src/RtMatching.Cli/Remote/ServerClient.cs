using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using RtMatching.Cli.Output;

namespace RtMatching.Cli.Remote;

/// <summary>
/// Talks to a server (<c>--server URL --key K</c>) in place of the database. Waits and asks again while the server is busy or away; only
/// what is safe to send twice may go through here: reads, and writes under an idempotency key.
/// </summary>
internal sealed class ServerClient : IDisposable
{
    /// <summary>How long a server that is away (restarting, say) is waited for.</summary>
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(2);
    private const int PageLimit = 1000;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly TimeSpan _patience;

    /// <param name="patience">How long a server that is away is waited for; two minutes where null.</param>
    /// <exception cref="UsageException">The address is none.</exception>
    public ServerClient(string address, string? key, TimeSpan? patience = null)
    {
        _patience = patience ?? DefaultPatience;
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new UsageException($"--server {address}: write an address like http://localhost:8080");
        _http = new HttpClient { BaseAddress = uri, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public string Address => _http.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Null where the command line and the environment name no server.</summary>
    public static ServerClient? From(ParseResult parsed, TimeSpan? patience = null) =>
        parsed.GetValue(CommonOptions.Server) is { Length: > 0 } address ? new ServerClient(address, parsed.GetValue(CommonOptions.Key), patience) : null;

    public Task<T> GetAsync<T>(string path, CancellationToken cancellation) =>
        ReadAsync<T>(() => new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellation) => ReadAsync<T>(
        () => new HttpRequestMessage(HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body, options: JsonOutput.Options) },
        cancellation);

    /// <summary>The answer's body as JSON.</summary>
    /// <param name="request">Made anew for each attempt.</param>
    public async Task<T> ReadAsync<T>(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        using var response = await SendAsync(request, cancellation, HttpCompletionOption.ResponseContentRead);
        return await JsonAsync<T>(response, cancellation);
    }

    /// <summary>The server-sent events that answer a POST, until the stream ends or breaks.</summary>
    public async IAsyncEnumerable<(string Name, string Data)> EventsAsync(
        string path, object body, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: JsonOutput.Options) }, cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        var name = "";
        while (await LineAsync(reader, cancellation) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line["event: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) yield return (name, line["data: ".Length..]);
        }
    }

    /// <summary>Null at the end, and where the connection is lost.</summary>
    private static async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadLineAsync(cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Null where the server has no such thing.</summary>
    public async Task<T?> FindAsync<T>(string path, CancellationToken cancellation) where T : class
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, path), cancellation, HttpCompletionOption.ResponseContentRead, HttpStatusCode.NotFound);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await JsonAsync<T>(response, cancellation);
    }

    /// <summary>Up to <paramref name="limit"/> items of a list, however many pages that takes.</summary>
    /// <param name="path">With its query, if there is one; without <c>after</c> and <c>limit</c>.</param>
    public async Task<IReadOnlyList<T>> PagesAsync<T>(string path, CancellationToken cancellation, long after = 0, long limit = long.MaxValue)
    {
        var items = new List<T>();
        for (long? next = after; next is { } place && items.Count < limit;)
        {
            var most = Math.Min(PageLimit, limit - items.Count);
            var start = place == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"&after={place}");
            var page = await GetAsync<ServerPage<T>>(
                string.Create(CultureInfo.InvariantCulture, $"{path}{(path.Contains('?') ? '&' : '?')}limit={most}{start}"), cancellation);
            items.AddRange(page.Items);
            next = page.Next;
        }

        return items;
    }

    private static async Task<T> JsonAsync<T>(HttpResponseMessage response, CancellationToken cancellation) =>
        (await response.Content.ReadFromJsonAsync<T>(JsonOutput.Options, cancellation))!;

    private sealed record ServerPage<T>(IReadOnlyList<T> Items, long? Next);

    /// <summary>A successful answer, its body still to be read.</summary>
    /// <param name="request">Made anew for each attempt.</param>
    /// <param name="until">Whether the body is read here too, and so asked for again where the connection breaks in its middle.</param>
    /// <param name="expected">A status that is an answer like success.</param>
    /// <exception cref="CommandException">The server refused, in its own words; or it stayed away.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellation,
        HttpCompletionOption until = HttpCompletionOption.ResponseHeadersRead, HttpStatusCode? expected = null)
    {
        DateTime? end = null;       // since the first failure: sending a large part may take longer than anybody's patience
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            HttpResponseMessage? response = null;
            try
            {
                using var message = request();
                response = await _http.SendAsync(message, until, cancellation);
                if (response.IsSuccessStatusCode || response.StatusCode == expected) return response;
                end ??= DateTime.UtcNow + _patience;
                if (!IsPassing(response) || DateTime.UtcNow > end) throw await RefusalAsync(response, cancellation);
                if (response.Headers.RetryAfter?.Delta is { } asked) pause = asked;
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
            {
                response?.Dispose();
                end ??= DateTime.UtcNow + _patience;
                if (DateTime.UtcNow > end) throw new CommandException($"the server {_http.BaseAddress} does not answer: {e.Message}");
            }

            await Task.Delay(pause, cancellation);
        }
    }

    /// <summary>A conflict that says when to ask again is a submission that the server still believes to be under way.</summary>
    private static bool IsPassing(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout
        || (response.StatusCode == HttpStatusCode.Conflict && response.Headers.RetryAfter is not null);

    /// <summary>What a problem+json answer says.</summary>
    private static async Task<CommandException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            try
            {
                using var problem = JsonDocument.Parse(body);
                if (problem.RootElement.TryGetProperty("detail", out var detail)) return new CommandException($"the server says: {Terminal.Plain(detail.ToString())}");
            }
            catch (JsonException)
            {
                // Not the server itself but something on the way; its status is all there is to tell.
            }

            return new CommandException($"the server answered {(int)response.StatusCode} {response.ReasonPhrase}");
        }
    }

    public void Dispose() => _http.Dispose();
}
