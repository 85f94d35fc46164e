using RtMatching.Core.Matching;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>Examples for <c>/openapi.json</c>.</summary>
internal static class BulkExamples
{
    private static readonly Dictionary<string, object> Id = new() { ["id"] = 7 };

    private static readonly BulkRankingSummary Summary = new(
        7, "jd2cv", 1, BulkRankingState.Running, true, 50, RankingMode.Fused, 1200, 384, 0, 12.8, 63.8,
        new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero), null);

    public static EndpointExample Submission { get; } = new()
    {
        Request = new Dictionary<string, object>
        {
            ["application/json"] = new { all_jobs = true, top = 50, filter = new { tags = (string[])["berlin"] } },
            ["application/x-ndjson"] = "{\"id\": \"a\", \"text\": \"We look for a cook.\"}\n{\"id\": \"b\", \"text\": \"We look for a nurse.\"}\n",
        },
        Response = Summary with { State = BulkRankingState.Pending, Ranked = 0, PerSecond = 0, RemainingSeconds = null },
    };

    public static EndpointExample Running { get; } = new() { Response = Summary, Parameters = Id };

    public static EndpointExample List { get; } = new()
    {
        Response = new ListBulkRankings.Response([Summary], null), Parameters = new Dictionary<string, object> { ["limit"] = 20 },
    };

    public static EndpointExample Result { get; } = new()
    {
        Response = "{\"job\":\"a\",\"profile\":\"jd2cv\",\"profile_version\":1,\"candidates\":" +
            "[{\"rank\":1,\"id\":12,\"external_id\":\"cook.pdf\",\"score\":0.0323,\"similarity\":0.636}],\"key\":\"0b1e\"}\n",
        Parameters = Id,
    };

    public static EndpointExample Cancelled { get; } = new()
    {
        Response = Summary with { State = BulkRankingState.Cancelled, RemainingSeconds = 0, FinishedAt = Summary.CreatedAt.AddMinutes(1) },
        Parameters = Id,
    };

    public static EndpointExample Deleted { get; } = new() { Parameters = Id };
}
