using RtMatching.Core.Operations;
using RtMatching.Server.Backend;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>POST /v1/silos/{name}/resume</c>: a drained silo works again.</summary>
internal static class ResumeSilo
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/silos/{name}/resume", HandleAsync)
        .WithName("ResumeSilo")
        .WithSummary("Has a drained silo work again")
        .WithDescription("It takes work and grains again within seconds. One that does not drain is left as it is, which is no error.")
        .WithTags("operations")
        .Produces<SiloStatus>(StatusCodes.Status202Accepted)
        .ProducesProblem(404)
        .ProducesProblem(409)
        .WithMetadata(new EndpointExample { Response = SiloExamples.Active, Parameters = new Dictionary<string, object> { ["name"] = SiloExamples.Active.Name } });

    private static Task<IResult> HandleAsync(string name, IMatchingBackend backend, CancellationToken cancellation) =>
        DrainSilo.SetAsync(name, drain: false, backend, cancellation);
}
