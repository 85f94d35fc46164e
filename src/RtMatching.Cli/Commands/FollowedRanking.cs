using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>rank --follow</c>: the ranking now, and anew whenever it changes, until Ctrl+C.</summary>
internal static class FollowedRanking
{
    /// <param name="follow">Runs until it is cancelled, which is how following ends well.</param>
    public static async Task<int> UntilStoppedAsync(Func<CancellationToken, Task> follow, CancellationToken cancellation)
    {
        try
        {
            Terminal.Say("following; Ctrl+C ends it");
            while (true) await follow(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    /// <summary>With the active version of the profile, until another becomes that.</summary>
    public static async Task RunAsync(ParseResult parsed, Database database, CancellationToken cancellation)
    {
        using var session = await RankingSession.OpenAsync(database, parsed.GetValue(RankCommand.Profile)!, cancellation);
        var (request, subject) = await RankCommand.SubjectAsync(parsed, database, session, cancellation);
        var job = session.Ranking.For(JobKey.Of(session.Profile.Id, RankCommand.Wanted(parsed), request));
        await foreach (var ranking in new StandingRanking(job, request).FollowAsync(cancellation))
            await RankCommand.ReportAsync(parsed, subject, ranking, cancellation);
    }
}
