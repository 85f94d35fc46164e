using RtMatching.Server.Endpoints.Operations;

namespace RtMatching.Server;

/// <summary>Every endpoint, in the order in which a newcomer meets them.</summary>
public static class EndpointMap
{
    public static IEndpointRouteBuilder MapRtMatching(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/v1");
        _ = api;
        OpenApiDocument.Map(app);
        return app;
    }
}
