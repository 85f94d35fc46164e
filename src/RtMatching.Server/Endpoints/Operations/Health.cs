using Npgsql;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /health</c>: requests can be answered, for load balancers and start-up probes.</summary>
internal static class Health
{
    /// <summary>A check that takes longer has failed; those who probe wait a few seconds only.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly HealthCheck Fine = new(true, null);
    private static readonly HealthCheck Stopping = new(false, "This process is stopping.");

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/health", CheckAsync)
        .WithName("Health")
        .WithTags("operations")
        .WithSummary("Ready to answer: the database and the model.")
        .WithDescription("""
            200 once the database answers with the tables that this version expects and a model is loaded; 503 until then, and the same body
            says what is missing. Needs no API key and tells nothing that is secret; GET /v1/status tells more.
            """)
        .Produces<HealthAnswer>()
        .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable)
        .AllowAnonymous()
        .DisableRateLimiting()
        .WithMetadata(new EndpointExample { Response = new HealthAnswer("ready", Fine, Fine) });

    private static async Task<IResult> CheckAsync(Database database, IMatchingBackend backend, IHostApplicationLifetime lifetime, ILogger<HealthAnswer> log, CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested) return Answer([Stopping, Stopping]);
        var checks = await Task.WhenAll(
            WithinPatienceAsync(token => DatabaseAsync(database, token), log, cancellation),
            WithinPatienceAsync(token => EngineAsync(backend, token), log, cancellation));
        return Answer(checks);
    }

    private static IResult Answer(HealthCheck[] checks)
    {
        var ready = checks.All(check => check.Ready);
        return TypedResults.Json(new HealthAnswer(ready ? "ready" : "not_ready", checks[0], checks[1]), statusCode: ready ? 200 : 503);
    }

    private static async Task<HealthCheck> DatabaseAsync(Database database, CancellationToken cancellation)
    {
        try
        {
            return await database.IsCurrentAsync(cancellation) ? Fine : new(false, "It lacks tables of this version; restarting the server makes them, or says who may.");
        }
        catch (DatabaseSetupException exception)
        {
            return new(false, exception.Message);
        }
        catch (NpgsqlException)
        {
            return new(false, "It does not answer; the server's log says why.");
        }
    }

    private static async Task<HealthCheck> EngineAsync(IMatchingBackend backend, CancellationToken cancellation)
    {
        var engines = await backend.EnginesAsync(cancellation);
        return engines.Any(engine => engine.Ready) ? Fine : new(false, "No engine has its model loaded yet; GET /v1/status says more.");
    }

    private static async Task<HealthCheck> WithinPatienceAsync(Func<CancellationToken, Task<HealthCheck>> check, ILogger log, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            return await check(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(false, $"No answer within {Patience.TotalSeconds} seconds.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            log.LogError(exception, "A check of health failed");
            return new(false, "The check itself failed; the server's log says why.");
        }
    }
}

/// <param name="Status">ready or not_ready.</param>
/// <param name="Database">It answers, with the tables that this version expects.</param>
/// <param name="Engine">A model is loaded.</param>
internal sealed record HealthAnswer(string Status, HealthCheck Database, HealthCheck Engine);

/// <param name="Detail">What is missing; null where nothing is.</param>
internal sealed record HealthCheck(bool Ready, string? Detail);
