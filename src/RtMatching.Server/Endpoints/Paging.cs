using RtMatching.Server.Errors;

namespace RtMatching.Server.Endpoints;

/// <summary>A page of a list.</summary>
/// <param name="Next">Goes into <c>after</c> for the next page; null on the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, long? Next);

/// <summary>How lists are cut into pages.</summary>
internal static class Paging
{
    public const int Usual = 100;
    public const int Most = 1000;

    /// <exception cref="ProblemException">400: not from 1 to 1,000.</exception>
    public static int Limit(int? limit) => limit is null or (>= 1 and <= Most)
        ? limit ?? Usual
        : throw ProblemException.BadRequest($"limit is {limit}; it must be from 1 to {Most}.");

    /// <param name="found">One more than <paramref name="limit"/>, where there are more.</param>
    public static Page<T> Cut<T>(IReadOnlyList<T> found, int limit, Func<T, long> id) =>
        found.Count <= limit ? new Page<T>(found, null) : new Page<T>([.. found.Take(limit)], id(found[limit - 1]));
}
