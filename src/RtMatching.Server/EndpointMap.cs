using RtMatching.Server.Endpoints.Documents;
using RtMatching.Server.Endpoints.Embeddings;
using RtMatching.Server.Endpoints.Ingestions;
using RtMatching.Server.Endpoints.Operations;
using RtMatching.Server.Endpoints.Profiles;
using RtMatching.Server.Endpoints.Rankings;

namespace RtMatching.Server;

/// <summary>Every endpoint, in the order in which a newcomer meets them.</summary>
public static class EndpointMap
{
    public static IEndpointRouteBuilder MapRtMatching(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/v1");
        SubmitIngestion.Map(api);
        AddItems.Map(api);
        ListIngestions.Map(api);
        ShowIngestion.Map(api);
        ListItems.Map(api);
        IngestionEvents.Map(api);
        CancelIngestion.Map(api);
        RetryIngestion.Map(api);
        PutDocument.Map(api);
        ListDocuments.Map(api);
        ShowDocument.Map(api);
        DocumentText.Map(api);
        DeleteDocument.Map(api);
        RankCandidates.Map(api);
        RankJobs.Map(api);
        FollowCandidates.Map(api);
        FollowJobs.Map(api);
        SubmitBulkRanking.Map(api);
        ListBulkRankings.Map(api);
        ShowBulkRanking.Map(api);
        BulkRankingResult.Map(api);
        CancelBulkRanking.Map(api);
        DeleteBulkRanking.Map(api);
        ListProfiles.Map(api);
        ShowProfile.Map(api);
        PutProfile.Map(api);
        CreateEmbeddings.Map(api);
        ListModels.Map(api);
        GetStatus.Map(api);
        ListSilos.Map(api);
        DrainSilo.Map(api);
        ResumeSilo.Map(api);
        StatusPage.Map(app);
        Alive.Map(app);
        Health.Map(app);
        Metrics.Map(app);
        OpenApiDocument.Map(app);
        return app;
    }
}
