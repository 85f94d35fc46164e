using System.Text.Json;
using Microsoft.Extensions.Options;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>A ranking as server-sent events: as it is now, and again whenever it changes.</summary>
internal sealed class RankingStream(
    IMatchingBackend backend, DocumentStore documents, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, IHostApplicationLifetime lifetime)
{
    public const string Description =
        "The body is that of a ranking. event: ranking, with what the ranking answers, at once and whenever it has changed: as documents come, go " +
        "or change, within about two seconds; event: ended, with the reason, where it cannot go on, as when the stored job is deleted. " +
        "The stream ends after an hour, or when the server stops: follow again, which starts with how it stands then.";

    /// <summary>Then the caller follows again, and its key is checked again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private sealed record Ended(string Detail);

    /// <param name="kind">What is ranked for; the other kind is ranked.</param>
    /// <param name="id">Its number, where the body gives one.</param>
    public async Task WriteAsync(HttpResponse response, Caller caller, RankingBody body, DocumentKind kind, long? id, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        end.CancelAfter(Longest);
        try
        {
            await FollowAsync(response, caller, body, kind, id, end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client went away, or the server does: it reconnects, to another one maybe.
        }
    }

    private async Task FollowAsync(HttpResponse response, Caller caller, RankingBody body, DocumentKind kind, long? id, CancellationTokenSource end)
    {
        var pages = RankingPage.FollowAsync(backend, documents, caller, body, kind, id, end.Token).GetAsyncEnumerator(end.Token);
        var next = pages.MoveNextAsync().AsTask();
        EventStream? events = null;
        try
        {
            await next;     // what is wrong with the request is told before anything is sent
            events = EventStream.Begin(response);
            var sent = "";
            for (; await events.WaitAsync(next, end.Token); next = pages.MoveNextAsync().AsTask())
            {
                var data = JsonSerializer.Serialize(pages.Current, json.Value.SerializerOptions);
                if (data != sent) await events.SendAsync("ranking", sent = data, end.Token);      // the place below the page may be all that changed
            }
        }
        catch (ArgumentException e) when (events is not null)
        {
            await events.SendAsync("ended", JsonSerializer.Serialize(new Ended(e.Message), json.Value.SerializerOptions), end.Token);
        }
        finally
        {
            await end.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);      // an enumerator is disposed of only while it rests
            await pages.DisposeAsync();
        }
    }
}
