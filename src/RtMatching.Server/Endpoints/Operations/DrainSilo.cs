using RtMatching.Core.Operations;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>POST /v1/silos/{name}/drain</c>: it finishes what it has and takes no more.</summary>
internal static class DrainSilo
{
    private const int MaxNames = 20;
    private const int LongestName = 100;

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/silos/{name}/drain", HandleAsync)
        .WithName("DrainSilo")
        .WithSummary("Empties a silo")
        .WithDescription("""
            It takes no more work of the queue and no more grains, finishes what it has, and goes on answering requests. Answers at once; once
            `GET /v1/silos` shows it draining with no batches in flight, it can be stopped and costs nobody anything. Twice is no error.
            """)
        .WithTags("operations")
        .Produces<SiloStatus>(StatusCodes.Status202Accepted)
        .ProducesProblem(404)
        .ProducesProblem(409)
        .WithMetadata(new EndpointExample { Response = SiloExamples.Draining, Parameters = new Dictionary<string, object> { ["name"] = SiloExamples.Draining.Name } });

    private static Task<IResult> HandleAsync(string name, IMatchingBackend backend, CancellationToken cancellation) =>
        SetAsync(name, drain: true, backend, cancellation);

    /// <exception cref="ProblemException">There is no such silo, or no cluster.</exception>
    internal static async Task<IResult> SetAsync(string name, bool drain, IMatchingBackend backend, CancellationToken cancellation)
    {
        try
        {
            await backend.DrainAsync(name, drain, cancellation);
        }
        catch (NotSupportedException exception)
        {
            throw ProblemException.Conflict(exception.Message);
        }
        catch (KeyNotFoundException)
        {
            throw Unknown(name, await backend.SilosAsync(cancellation));
        }

        var silos = await backend.SilosAsync(cancellation);
        // One that was started again under its name is remembered as dead beside it.
        var named = silos.Where(silo => silo.Name == name).OrderBy(silo => silo.State == SiloState.Dead);
        return TypedResults.Accepted("/v1/silos", named.FirstOrDefault() ?? throw Unknown(name, silos));
    }

    private static ProblemException Unknown(string name, IReadOnlyList<SiloStatus> silos)
    {
        var names = silos.Where(silo => silo.State != SiloState.Dead).Select(silo => silo.Name).Order(StringComparer.Ordinal).ToList();
        var shown = name.Length > LongestName ? name[..LongestName] + "..." : name;
        var more = names.Count > MaxNames ? $" and {names.Count - MaxNames} more" : "";
        return ProblemException.NotFound($"There is no silo '{shown}' in the cluster; there are: {string.Join(", ", names.Take(MaxNames))}{more}.");
    }
}
