using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RtMatching.Core.Ingestion;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>GET /v1/ingestions/{id}/events</c>: its progress as server-sent events.</summary>
internal static class IngestionEvents
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/ingestions/{id:long}/events", HandleAsync)
        .WithName("IngestionEvents")
        .WithSummary("The progress of an ingestion as server-sent events")
        .WithDescription(
            "event: progress, with what GET /v1/ingestions/{id} answers, whenever that changes and at most once a second; event: done, with the same, " +
            "when it has ended, and then the stream ends too. Reconnecting starts with how it stands then.")
        .WithTags("ingestions")
        .Produces<string>(contentType: "text/event-stream")
        .ProducesProblem(404)
        .DisableRequestTimeout()
        .WithMetadata(new EndpointExample
        {
            Response = "event: progress\ndata: {\"summary\":{\"id\":17,\"state\":\"running\"},\"per_second\":8.5,\"remaining_seconds\":15.5}\n\n",
            Parameters = IngestionExamples.Id,
        });

    private static async Task HandleAsync(HttpContext context, IngestionRecords records, Caller caller, long id,
        IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        var report = await records.ReportAsync(id, caller.Tenant, cancellation);     // 404 before anything is sent
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            await StreamAsync(EventStream.Begin(context.Response), report, token => records.ReportAsync(id, caller.Tenant, token), json.Value.SerializerOptions, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The client went away, or the server does: it reconnects, to another one maybe.
        }
    }

    private static async Task StreamAsync(EventStream events, IngestionReport report, Func<CancellationToken, Task<IngestionReport>> next,
        JsonSerializerOptions json, CancellationToken cancellation)
    {
        var (sent, cost) = ("", TimeSpan.Zero);
        while (true)
        {
            var data = JsonSerializer.Serialize(report, json);
            var ended = report.Summary.State is IngestionState.Done or IngestionState.Cancelled or IngestionState.Failed;
            if (data != sent || ended) await events.SendAsync(ended ? "done" : "progress", data, cancellation);
            else await events.KeepOpenAsync(cancellation);
            if (ended) return;
            sent = data;

            // Counting a million items takes a while: it must not be all that the database does.
            await Task.Delay(cost * 10 > Every ? cost * 10 : Every, cancellation);
            var asked = Stopwatch.GetTimestamp();
            report = await next(cancellation);
            cost = Stopwatch.GetElapsedTime(asked);
        }
    }
}
