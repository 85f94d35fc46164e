using RtMatching.Server.Endpoints.Embeddings;
using RtMatching.Server.Endpoints.Operations;
using RtMatching.Server.Endpoints.Profiles;
using RtMatching.Server.Endpoints.Rankings;
using RtMatching.Server.Limits;

namespace RtMatching.Server;

/// <summary>Every endpoint, in the order in which a newcomer meets them.</summary>
public static class EndpointMap
{
    public static IEndpointRouteBuilder MapRtMatching(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/v1");
        var rankings = api.MapGroup("").RequireRateLimiting(RateLimits.Ranking);
        RankCandidates.Map(rankings);
        RankJobs.Map(rankings);
        ListProfiles.Map(api);
        ShowProfile.Map(api);
        PutProfile.Map(api);
        CreateEmbeddings.Map(api.MapGroup("").RequireRateLimiting(RateLimits.Embedding));
        ListModels.Map(api);
        GetStatus.Map(api);
        StatusPage.Map(app);
        Alive.Map(app);
        Health.Map(app);
        OpenApiDocument.Map(app);
        return app;
    }
}
