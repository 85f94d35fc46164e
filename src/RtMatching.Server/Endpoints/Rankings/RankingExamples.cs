using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>Examples for <c>/openapi.json</c>.</summary>
internal static class RankingExamples
{
    private static readonly Quote Passage = new(112, 58, SectionKind.Experience, "Moved a 2 TB PostgreSQL database to declarative partitioning");

    public static EndpointExample Candidates { get; } = new()
    {
        Request = new
        {
            job_id = 17, top = 2, explain = true, filter = new { tags = (string[])["berlin"], since = "2026-01-01" },
        },
        Response = new RankingPage("jd2cv", 1,
            [
                new RankedDocument(1, 12, "files", "backend-engineer-3.pdf", [], 0.0323, 0.636, 8.1, ["berlin"], "Berlin", "en", new DateOnly(2026, 3, 1),
                    new Explanation([new RequirementCoverage("Keep our PostgreSQL databases fast", Coverage.Covered, 0.71, Passage, 0.82)], ["partitioning"])),
            ], 2),
    };

    public static EndpointExample Jobs { get; } = new()
    {
        Request = new { candidate_id = 12, top = 5 },
        Response = new RankingPage("jd2cv", 1,
            [new RankedDocument(1, 17, "files", "backend-engineer.txt", [], 0.0328, 0.655, 9.4, [], null, "en", null, null)], null),
    };

    private const string Event =
        "event: ranking\ndata: {\"profile\":\"jd2cv\",\"profile_version\":1,\"ranking\":[{\"rank\":1,\"document_id\":12}],\"next_offset\":null}\n\n";

    public static EndpointExample FollowedCandidates { get; } = new() { Request = Candidates.Request, Response = Event };

    public static EndpointExample FollowedJobs { get; } = new() { Request = Jobs.Request, Response = Event };
}
