using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
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
        using var response = await SendAsync(request, cancellation);
        return (await response.Content.ReadFromJsonAsync<T>(JsonOutput.Options, cancellation))!;
    }

    /// <summary>A successful answer, its body still to be read.</summary>
    /// <param name="request">Made anew for each attempt.</param>
    /// <exception cref="CommandException">The server refused, in its own words; or it stayed away.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + _patience;
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            HttpResponseMessage? response = null;
            try
            {
                using var message = request();
                response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
                if (response.IsSuccessStatusCode) return response;
                if (!IsPassing(response.StatusCode) || DateTime.UtcNow > end) throw await RefusalAsync(response, cancellation);
                if (response.Headers.RetryAfter?.Delta is { } asked) pause = asked;
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
            {
                response?.Dispose();
                if (DateTime.UtcNow > end) throw new CommandException($"the server {_http.BaseAddress} does not answer: {e.Message}");
            }

            await Task.Delay(pause, cancellation);
        }
    }

    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;

    /// <summary>What a problem+json answer says.</summary>
    private static async Task<CommandException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellation);
            try
            {
                using var problem = JsonDocument.Parse(body);
                if (problem.RootElement.TryGetProperty("detail", out var detail)) return new CommandException($"the server says: {detail}");
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
