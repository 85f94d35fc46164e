using System.Diagnostics;

namespace RtMatching.Server.Endpoints;

/// <summary>
/// An answer of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), kept open by comments while nothing happens.
/// </summary>
internal sealed class EventStream
{
    /// <summary>Proxies close what is silent for a minute.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly HttpResponse _response;
    private readonly Stopwatch _silence = Stopwatch.StartNew();

    private EventStream(HttpResponse response) => _response = response;

    /// <summary>From here on, errors can only be told as events.</summary>
    public static EventStream Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        return new EventStream(response);
    }

    /// <param name="data">On one line.</param>
    public Task SendAsync(string name, string data, CancellationToken cancellation) => WriteAsync($"event: {name}\ndata: {data}\n\n", cancellation);

    /// <summary>A comment, where nothing has been sent for long.</summary>
    public Task KeepOpenAsync(CancellationToken cancellation) =>
        _silence.Elapsed > Heartbeat ? WriteAsync(": still here\n\n", cancellation) : Task.CompletedTask;

    /// <summary>Waits for what is to be sent next, however long that takes.</summary>
    public async Task<T> WaitAsync<T>(Task<T> next, CancellationToken cancellation)
    {
        while (await Task.WhenAny(next, Task.Delay(Heartbeat, cancellation)) != next)
        {
            cancellation.ThrowIfCancellationRequested();
            await KeepOpenAsync(cancellation);
        }

        return await next;
    }

    private async Task WriteAsync(string text, CancellationToken cancellation)
    {
        await _response.WriteAsync(text, cancellation);
        await _response.Body.FlushAsync(cancellation);
        _silence.Restart();
    }
}
