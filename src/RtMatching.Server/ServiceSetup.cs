using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Endpoints.Embeddings;
using RtMatching.Server.Endpoints.Operations;
using RtMatching.Server.Endpoints.Rankings;
using RtMatching.Server.Errors;
using RtMatching.Server.Intake;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;
using RtMatching.Server.Telemetry;

namespace RtMatching.Server;

/// <summary>What the endpoints are given. A host with another backend (grains) registers its own <see cref="IMatchingBackend"/> before.</summary>
public static class ServiceSetup
{
    public static IServiceCollection AddRtMatching(this IServiceCollection services, Database database, ServerOptions options)
    {
        services.AddSingleton(database).AddSingleton(options);
        services.AddSingleton(_ => new DocumentStore(database)).AddSingleton(_ => new ProfileStore(database));
        services.AddSingleton(_ => new BulkRankingStore(database)).AddSingleton(_ => new IdempotencyKeys(database));
        services.ConfigureHttpJsonOptions(json => Configure(json.SerializerOptions));
        services.AddLimits(options.Limits);
        services.AddSecurity();
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = problem => ProblemAnswers.AddTraceId(problem.ProblemDetails, problem.HttpContext));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);   // so that its answer says what is wrong
        services.PostConfigure<ProblemDetailsOptions>(problems => problems.CustomizeProblemDetails += OpenAiErrors.Add);
        services.AddExceptionHandler<ProblemAnswers>();
        services.AddRtMatchingOpenApi();
        services.AddIntake(database, options);
        services.AddInProcessBackend(options);
        services.AddSingleton<SharedStatus>().AddSingleton<RankingStream>();
        services.AddServerMetrics();
        return services;
    }

    /// <summary>JSON as every endpoint reads and writes it: snake case, enumerations by name.</summary>
    internal static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        json.AllowOutOfOrderMetadataProperties = true;     // a client's members come in any order, a stop rule's "rule" too
        json.MaxDepth = 16;
        json.NumberHandling = JsonNumberHandling.Strict;   // A number in quotes is a mistake, and /openapi.json need not allow for it.
    }

    /// <summary>What stands between the network and the endpoints, in order.</summary>
    public static WebApplication UseRtMatching(this WebApplication app)
    {
        app.UseAnswerHeaders();
        app.UseRequestTrace();
        app.UseExceptionHandler();
        app.UseStatusCodePages(ProblemAnswers.ExplainStatusAsync);
        app.UseRequestForm();
        app.UseRouting();
        app.UseSecurity();
        app.UseLimits();
        return app;
    }
}
