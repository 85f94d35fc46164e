using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;

namespace RtMatching.Server;

/// <summary>What the endpoints are given. A host with another backend (grains) registers its own <see cref="IMatchingBackend"/> before.</summary>
public static class ServiceSetup
{
    public static IServiceCollection AddRtMatching(this IServiceCollection services, Database database, ServerOptions options)
    {
        services.AddSingleton(database).AddSingleton(options);
        services.AddSingleton(_ => new DocumentStore(database)).AddSingleton(_ => new ProfileStore(database));
        services.ConfigureHttpJsonOptions(json => Configure(json.SerializerOptions));
        services.AddProblemDetails();
        services.AddExceptionHandler<ProblemAnswers>();
        services.AddInProcessBackend(options);
        return services;
    }

    /// <summary>JSON as every endpoint reads and writes it: snake case, enumerations by name.</summary>
    internal static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        json.MaxDepth = 16;
    }

    /// <summary>What stands between the network and the endpoints, in order.</summary>
    public static WebApplication UseRtMatching(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        return app;
    }
}
