using System.Diagnostics;
using System.Runtime.CompilerServices;
using Npgsql;
using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Matching;

/// <summary>How rankings that are followed are kept fresh.</summary>
public sealed record StandingRankingOptions
{
    /// <summary>How often the database is asked whether anything could have changed.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// A ranking that is kept fresh while somebody follows it: ranked anew, once for all who follow, when documents have come, gone or changed.
/// Nothing runs while nobody follows.
/// </summary>
/// <remarks>Safe to use from many threads.</remarks>
/// <param name="request">For the job of <paramref name="job"/>.</param>
public sealed class StandingRanking(JobRanking job, RankingRequest request, StandingRankingOptions? options = null)
{
    // Where a ranking takes long it must not be all that the database does: it takes at most one part in so many of the time.
    private const int Share = 5;

    // Of all rankings of this process that are followed: a document that comes may change hundreds of them, and somebody waits for the others.
    private static readonly SemaphoreSlim AtOnce = new(Math.Clamp(Environment.ProcessorCount, 2, 8));

    private readonly StandingRankingOptions _options = options ?? new StandingRankingOptions();
    private readonly RankingWatch _watch = new(job.Database.Source, job.Key, job.Profile.Profile.Name);
    private readonly Lock _lock = new();
    private Run? _run;
    private long _rankings;

    /// <summary>How often it has been ranked.</summary>
    public long Rankings => Interlocked.Read(ref _rankings);

    /// <summary>Who follow it now.</summary>
    public int Followers
    {
        get
        {
            lock (_lock) return _run?.Followers ?? 0;
        }
    }

    /// <summary>
    /// The ranking as it is now, and again whenever it differs: in its places, their documents, or scores by more than noise. A follower that
    /// is slower than the changes gets the latest. Ends when another version of the profile has become the active one: follow its ranking then.
    /// </summary>
    /// <exception cref="ArgumentException">As <see cref="JobRanking.RankAsync"/>; also later, where the stored job is deleted.</exception>
    public async IAsyncEnumerable<IReadOnlyList<RankedDocument>> FollowAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var run = Join();
        try
        {
            for (var next = run.Current; await next.WaitAsync(cancellation) is { } edition; next = edition.Next)
            {
                while (edition.Next is { IsCompletedSuccessfully: true, Result: { } later }) edition = later;
                yield return edition.Ranking;
            }
        }
        finally
        {
            Leave(run);
        }
    }

    private Run Join()
    {
        lock (_lock)
        {
            if (_run is null || _run.HasEnded) _run = Start();
            _run.Followers++;
            return _run;
        }
    }

    private Run Start()
    {
        var run = new Run();
        _ = Task.Run(() => KeepAsync(run), CancellationToken.None);
        return run;
    }

    private void Leave(Run run)
    {
        lock (_lock)
        {
            if (--run.Followers > 0) return;
            if (_run == run) _run = null;
        }

        run.Stop();
    }

    private async Task KeepAsync(Run run)
    {
        try
        {
            await KeepAsync(run, run.Stopped);
            run.End();
        }
        catch (Exception e)
        {
            run.Fail(e);       // to whoever follows; nobody does where it was stopped
        }
    }

    private async Task KeepAsync(Run run, CancellationToken stopped)
    {
        RankingSight? seen = null;
        IReadOnlyList<RankedDocument>? shown = null;
        while (true)
        {
            var pause = TimeSpan.Zero;
            try
            {
                // Looked first: what is committed between the look and the ranking is seen by both this ranking and the next look.
                var sight = await _watch.LookAsync(seen, stopped);
                if (seen is not null && sight.ActiveVersion != seen.ActiveVersion) return;
                if (sight.Changed)
                {
                    (var ranking, pause) = await RankAsync(stopped);
                    if (shown is null || Differs(shown, ranking)) run.Publish(shown = ranking);
                }

                seen = sight;
            }
            catch (NpgsqlException e) when (DatabaseRetry.IsTransient(e))
            {
                // The database is away: asked again at the same pace, by what was seen last.
            }

            await Task.Delay(pause > _options.Pace ? pause : _options.Pace, stopped);
        }
    }

    /// <summary>The ranking, and how long to leave the database to others after it.</summary>
    private async Task<(IReadOnlyList<RankedDocument> Ranking, TimeSpan Pause)> RankAsync(CancellationToken cancellation)
    {
        await AtOnce.WaitAsync(cancellation);
        try
        {
            Interlocked.Increment(ref _rankings);
            var started = Stopwatch.GetTimestamp();
            var ranking = await job.RankAsync(request, cancellation);
            return (ranking, Stopwatch.GetElapsedTime(started) * (Share - 1));
        }
        finally
        {
            AtOnce.Release();
        }
    }

    internal static bool Differs(IReadOnlyList<RankedDocument> before, IReadOnlyList<RankedDocument> now) =>
        before.Count != now.Count || before.Zip(now).Any(pair => Differs(pair.First, pair.Second));

    private static bool Differs(RankedDocument before, RankedDocument now) =>
        (before.DocumentId, before.Source, before.ExternalId, before.Location, before.Language, before.DatedOn)
            != (now.DocumentId, now.Source, now.ExternalId, now.Location, now.Language, now.DatedOn)
        || !before.AlsoAs.SequenceEqual(now.AlsoAs) || !before.Tags.SequenceEqual(now.Tags)
        || Differs(before.Score, now.Score) || Differs(before.Similarity, now.Similarity) || Differs(before.TextRank, now.TextRank)
        || !Quotes(before).SequenceEqual(Quotes(now));

    /// <summary>Term statistics drift as a corpus grows, and every text score with them: less than one in ten thousand is not told.</summary>
    private static bool Differs(double? before, double? now) => before is { } a && now is { } b
        ? Math.Abs(a - b) > 1e-4 * Math.Max(Math.Abs(a), 1e-3)
        : before is null != now is null;

    private static IEnumerable<(string, Coverage, string?)> Quotes(RankedDocument place) =>
        place.Explanation?.Requirements.Select(covered => (covered.Requirement, covered.Coverage, covered.Quote?.Text)) ?? [];

    /// <summary>A ranking and where the one that follows it will be; null there: it ended.</summary>
    private sealed record Edition(IReadOnlyList<RankedDocument> Ranking, Task<Edition?> Next);

    /// <summary>From the first follower's coming to the last one's going.</summary>
    private sealed class Run
    {
        private readonly CancellationTokenSource _stop = new();
        private TaskCompletionSource<Edition?> _next = Promise();

        public Run() => (Current, Stopped) = (_next.Task, _stop.Token);

        /// <summary>The latest edition; the first while there is none.</summary>
        public Task<Edition?> Current { get; private set; }

        public CancellationToken Stopped { get; }
        public bool HasEnded => Current.IsCompleted && (Current is { IsCompletedSuccessfully: false } or { Result: null });

        /// <summary>Under the lock of the ranking.</summary>
        public int Followers { get; set; }

        public void Publish(IReadOnlyList<RankedDocument> ranking)
        {
            var (published, next) = (_next, Promise());
            var edition = new Edition(ranking, next.Task);
            (_next, Current) = (next, Task.FromResult<Edition?>(edition));
            published.SetResult(edition);
        }

        public void End()
        {
            Current = _next.Task;
            _next.SetResult(null);
        }

        public void Fail(Exception exception)
        {
            Current = _next.Task;
            _next.SetException(exception);
            _ = _next.Task.Exception;       // observed, also where nobody follows any more
        }

        public void Stop()
        {
            _stop.Cancel();
            _stop.Dispose();
        }

        private static TaskCompletionSource<Edition?> Promise() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
