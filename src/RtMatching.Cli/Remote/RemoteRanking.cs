using System.CommandLine;
using System.Text.Json;
using RtMatching.Cli.Commands;
using RtMatching.Cli.Output;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Cli.Remote;

/// <summary><c>rank --server</c> for one job or CV, once or followed; a file is parsed here, and only its text is sent.</summary>
internal static class RemoteRanking
{
    private static readonly TimeSpan BeforeFollowingAgain = TimeSpan.FromSeconds(1);

    private sealed record Ended(string Detail);

    private sealed record Page(string Profile, int ProfileVersion, IReadOnlyList<RankedDocument> Ranking);

    private sealed record Versions(IReadOnlyList<ProfileFacts> Items)
    {
        public ProfileFacts Of(int version) => Items.Single(found => found.Version == version);
    }

    private sealed record ProfileFacts(string Name, int Version, string Model, int Iterations);

    public static async Task<int> RunAsync(ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        var (path, body, title, text) = await RequestAsync(parsed, server, cancellation);
        return await ReportAsync(parsed, server, title, text, await server.PostAsync<Page>(path, body, cancellation), cancellation);
    }

    /// <summary>Until the stream ends: the server stops, or has the key shown again. A ranking that is no other than the last is not shown again.</summary>
    /// <exception cref="CommandException">It cannot go on, in the server's words.</exception>
    public static async Task FollowAsync(ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        var (path, body, title, text) = await RequestAsync(parsed, server, cancellation);
        for (var shown = ""; ; await Task.Delay(BeforeFollowingAgain, cancellation))
        {
            await foreach (var (name, data) in server.EventsAsync($"{path}/follow", body, cancellation))
            {
                if (name == "ended") throw new CommandException($"the server says: {JsonSerializer.Deserialize<Ended>(data, JsonOutput.Options)?.Detail}");
                if (name != "ranking" || data == shown) continue;
                shown = data;
                await ReportAsync(parsed, server, title, text, JsonSerializer.Deserialize<Page>(data, JsonOutput.Options)!, cancellation);
            }
        }
    }

    private static async Task<(string Path, Dictionary<string, object?> Body, string Title, string Text)> RequestAsync(
        ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        var settings = RankCommand.Settings(parsed);
        var (subject, value, title, text) = await SubjectAsync(parsed, server, cancellation);
        var body = Body(settings);
        body[subject] = value;
        body["profile"] = parsed.GetValue(RankCommand.Profile);
        (body["offset"], body["explain"]) = (settings.Offset, settings.Explain);
        return ($"v1/rankings/{(RankCommand.Wanted(parsed) == DocumentKind.Cv ? "candidates" : "jobs")}", body, title, text);
    }

    private static async Task<int> ReportAsync(
        ParseResult parsed, ServerClient server, string title, string text, Page page, CancellationToken cancellation)
    {
        var profile = parsed.GetValue(RankCommand.Html) is null ? page.Profile : await DescribeAsync(server, page, cancellation);
        return await RankCommand.ReportAsync(parsed, new RankedSubject(title, text, page.Profile, page.ProfileVersion, profile), page.Ranking, cancellation);
    }

    /// <summary>The settings that every ranking takes, by the names of the API.</summary>
    public static Dictionary<string, object?> Body(RankingRequest settings) => new()
    {
        ["top"] = settings.Top, ["mode"] = settings.Mode, ["exact"] = settings.Exact,
        ["filter"] = new { settings.Filter.Tags, settings.Filter.Location, settings.Filter.Language, settings.Filter.Since, settings.Filter.Until },
    };

    private static async Task<(string Member, object Value, string Title, string Text)> SubjectAsync(
        ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        if (await RankCommand.GivenTextAsync(parsed, cancellation) is { } given) return ("text", given, RankCommand.FirstLine(given), given);
        var documents = new RemoteDocuments(server);
        if (parsed.GetValue(RankCommand.Job) is { } id)
        {
            var job = await documents.FindAsync(id, DocumentKind.Job, cancellation);
            var text = await documents.TextAsync(job.Id, cancellation);
            return ("job_id", job.Id, RankCommand.FirstLine(text), text);
        }

        var cv = await documents.FindAsync(parsed.GetValue(RankCommand.Cv)!, DocumentKind.Cv, cancellation);
        return ("candidate_id", cv.Id, $"Jobs for {cv.ExternalId}", await documents.TextAsync(cv.Id, cancellation));
    }

    private static async Task<string> DescribeAsync(ServerClient server, Page page, CancellationToken cancellation)
    {
        var profiles = await server.GetAsync<Versions>("v1/profiles", cancellation);
        var used = new Versions([.. profiles.Items.Where(profile => profile.Name == page.Profile)]).Of(page.ProfileVersion);
        return RankingSession.Describe(used.Name, used.Version, used.Model, used.Iterations);
    }
}
