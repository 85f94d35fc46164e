using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>
/// The rankings for one job or CV under one profile version, with what it takes to make them once: the vectors of its text and of its
/// requirement lines. A stored document whose content has changed is another text, and embedded anew.
/// </summary>
/// <remarks>Safe to use from many threads. Made by <see cref="Ranking.For"/>.</remarks>
public sealed class JobRanking
{
    private readonly Ranking _ranking;

    internal JobRanking(Database database, Ranking ranking, JobKey key, EmbedTexts embed)
    {
        if (key.ProfileVersionId != ranking.Profile.Id)
            throw new ArgumentException($"The job is of profile version {key.ProfileVersionId}, the ranking of {ranking.Profile.Id}.", nameof(key));
        (Database, Key, _ranking) = (database, key, ranking.With(new VectorMemory(embed, Remembered(key.Wanted)).EmbedAsync));
    }

    public JobKey Key { get; }
    public ProfileVersion Profile => _ranking.Profile;
    internal Database Database { get; }

    /// <param name="request">For the job that the key names.</param>
    /// <exception cref="ArgumentException">
    /// The request is for another job, contradicts itself or names what is not stored; the message names the remedy.
    /// </exception>
    public Task<IReadOnlyList<RankedDocument>> RankAsync(RankingRequest request, CancellationToken cancellation = default)
    {
        if (JobKey.Of(Profile.Id, Key.Wanted, request) != Key) throw new ArgumentException($"The request is for another job than {Key}.", nameof(request));
        return _ranking.RankAsync(Key.Wanted, request, cancellation);
    }

    /// <summary>
    /// Passages of stored CVs are kept in the database, and would only push out of memory what a job's next ranking needs. The requirements
    /// of jobs that are ranked for a CV stand nowhere else.
    /// </summary>
    private static IReadOnlyList<DocumentKind> Remembered(DocumentKind wanted) =>
        wanted == DocumentKind.Cv ? [DocumentKind.Job] : [DocumentKind.Job, DocumentKind.Cv];
}
