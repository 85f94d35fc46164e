using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using RtMatching.Core.Ingestion;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary>202: the work is taken on, and where to see how it goes.</summary>
internal static class IngestionAnswers
{
    private const string AskAgainSeconds = "1";

    public static Accepted<IngestionSummary> Accepted(HttpResponse response, IngestionSummary ingestion)
    {
        response.Headers.RetryAfter = AskAgainSeconds;
        return TypedResults.Accepted(Location(ingestion.Id), ingestion);
    }

    public static string Location(long id) => string.Create(CultureInfo.InvariantCulture, $"/v1/ingestions/{id}");
}
