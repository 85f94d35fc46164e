namespace RtMatching.Server.Limits;

/// <summary>Names of the bounded queues before costly endpoints: <c>.RequireRateLimiting(RateLimits.Ranking)</c>.</summary>
internal static class RateLimits
{
    public const string Ranking = "ranking";
    public const string Following = "following";
    public const string Embedding = "embedding";

    /// <summary>Of files and rows: bodies on their way into the database.</summary>
    public const string Submission = "submission";
}
