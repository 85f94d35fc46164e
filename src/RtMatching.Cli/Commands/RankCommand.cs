using System.CommandLine;
using System.Text;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Cli.Reports;
using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary>What was ranked for, and with what.</summary>
/// <param name="Title">One line.</param>
/// <param name="Text">The whole, for the page.</param>
/// <param name="Description">Profile and version with model and passes, for the page.</param>
internal sealed record RankedSubject(string Title, string Text, string Profile, int ProfileVersion, string Description);

/// <summary><c>rank</c>: candidates for a job, jobs for a CV, or all jobs at once.</summary>
internal static class RankCommand
{
    internal static readonly Option<string?> Job = new("--job") { Description = "A stored job, by number or external id.", HelpName = "ID" };
    private static readonly Option<string?> JobFile = new("--file") { Description = "A job description in a file: PDF, DOCX, HTML, text ...", HelpName = "F" };
    private static readonly Option<string?> JobText = new("--text") { Description = "A job description's text.", HelpName = "T" };
    internal static readonly Option<string?> Cv = new("--cv") { Description = "The reverse: the stored jobs for this CV.", HelpName = "ID" };
    private static readonly Option<bool> AllJobs = new("--all-jobs") { Description = "Every stored job; needs --output." };
    internal static readonly Option<string?> Jobs = new("--jobs") { Description = "Every job of a file of {\"id\",\"text\"} lines; needs --output.", HelpName = "F.jsonl" };

    private static readonly Option<int> Top = new("--top") { Description = "Places to show.", DefaultValueFactory = _ => 10, HelpName = "N" };
    private static readonly Option<int> Offset = new("--offset") { Description = "Places to skip first.", HelpName = "N" };
    private static readonly Option<RankingMode> Mode = new("--mode") { Description = "fused, dense or text.", DefaultValueFactory = _ => RankingMode.Fused };
    private static readonly Option<bool> Exact = new("--exact") { Description = "Compare with every vector instead of asking the index." };
    private static readonly Option<bool> Explain = new("--explain") { Description = "For each requirement, the passage that covers it." };
    private static readonly Option<string[]> Tags = new("--tag") { Description = "Only documents with this tag; may be repeated, then all of them.", HelpName = "T" };
    private static readonly Option<string?> Location = new("--location") { Description = "Only where the location contains this.", HelpName = "L" };
    private static readonly Option<string?> Language = new("--language") { Description = "Only in this language (en, zh).", HelpName = "L" };
    private static readonly Option<DateOnly?> Since = new("--since") { Description = "Only dated on this day or later.", HelpName = "DATE" };
    private static readonly Option<DateOnly?> Until = new("--until") { Description = "Only dated on this day or earlier.", HelpName = "DATE" };
    private static readonly Option<bool> Follow = new("--follow") { Description = "Go on, and show the ranking anew whenever it changes, until Ctrl+C." };
    internal static readonly Option<string?> OutputFile = new("--output") { Description = "Append each job's ranking as a line here; a second run goes on.", HelpName = "F.jsonl" };
    internal static readonly Option<string?> Html = new("--html") { Description = "Write a self-contained page for a recruiter.", HelpName = "F.html" };
    internal static readonly Option<string> Profile = CommonOptions.Profile();

    public static Command Create()
    {
        var command = new Command("rank", "Ranks candidates for a job, with reasons; or jobs for a CV; or all jobs in bulk.")
        {
            Job, JobFile, JobText, Cv, AllJobs, Jobs, Top, Offset, Mode, Exact, Explain, Tags, Location, Language, Since, Until, Follow, OutputFile, Html, Profile,
            CommonOptions.Server, CommonOptions.Key,
        };
        command.Validators.Add(result =>
        {
            Option[] subjects = [Job, JobFile, JobText, Cv, AllJobs, Jobs];
            if (subjects.Count(option => result.IsGiven(option)) != 1)
                result.AddError("rank: give exactly one of --job, --file, --text, --cv, --all-jobs, --jobs");
            if (result.IsGiven(Top) && result.GetValue(Top) is < 1 or > RankingRequest.MaxTop)
                result.AddError($"--top: from 1 to {RankingRequest.MaxTop}");
            if (result.GetValue(Offset) < 0) result.AddError("--offset: must not be negative");
            if ((result.GetValue(AllJobs) || result.GetValue(Jobs) is not null) && result.GetValue(OutputFile) is null)
                result.AddError("rank: many rankings go to a file: name it with --output");
            if (result.GetValue(Follow) && (result.GetValue(AllJobs) || result.GetValue(Jobs) is not null))
                result.AddError("--follow: one job or CV is followed, not many");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var bulk = parsed.GetValue(AllJobs) || parsed.GetValue(Jobs) is not null;
        using var server = ServerClient.From(parsed);
        if (server is not null) return await RunAsync(parsed, server, bulk, cancellation);
        await using var database = await Connection.OpenAsync(parsed, cancellation);
        if (parsed.GetValue(Follow)) return await FollowedRanking.UntilStoppedAsync(token => FollowedRanking.RunAsync(parsed, database, token), cancellation);
        using var session = await RankingSession.OpenAsync(database, parsed.GetValue(Profile)!, cancellation);
        return bulk
            ? await RankAllAsync(parsed, database, session, cancellation)
            : await RankOneAsync(parsed, database, session, cancellation);
    }

    private static Task<int> RunAsync(ParseResult parsed, ServerClient server, bool bulk, CancellationToken cancellation)
    {
        if (bulk) return RemoteBulkRanking.RunAsync(parsed, server, cancellation);
        return parsed.GetValue(Follow)
            ? FollowedRanking.UntilStoppedAsync(token => RemoteRanking.FollowAsync(parsed, server, token), cancellation)
            : RemoteRanking.RunAsync(parsed, server, cancellation);
    }

    /// <summary>CVs for a job, or jobs for a CV.</summary>
    internal static DocumentKind Wanted(ParseResult parsed) => parsed.GetValue(Cv) is null ? DocumentKind.Cv : DocumentKind.Job;

    internal static RankingRequest Settings(ParseResult parsed) => new()
    {
        Top = parsed.GetValue(Top),
        Offset = parsed.GetValue(Offset),
        Mode = parsed.GetValue(Mode),
        Exact = parsed.GetValue(Exact),
        Explain = parsed.GetValue(Explain) || parsed.GetValue(Html) is not null,
        Filter = new RankingFilter
        {
            Tags = parsed.GetValue(Tags) ?? [], Location = parsed.GetValue(Location), Language = parsed.GetValue(Language),
            Since = parsed.GetValue(Since), Until = parsed.GetValue(Until),
        },
    };

    private static async Task<int> RankAllAsync(ParseResult parsed, Database database, RankingSession session, CancellationToken cancellation)
    {
        var bulk = new BulkRanking(database, session.Ranking, session.EmbedAsync);
        var file = parsed.GetValue(Jobs);
        var total = file is null ? await new DocumentStore(database).CountAsync(DocumentKind.Job, cancellation: cancellation) : (long?)null;
        await using var input = file is null ? Stream.Null : InputFile.Open(file);
        var jobs = file is null ? bulk.StoredJobsAsync("default", cancellation) : BulkRanking.ReadJobsAsync(input, file, cancellation: cancellation);
        using var line = new ProgressLine("ranking", "jobs");
        var result = await bulk.RankAllAsync(jobs, Settings(parsed), parsed.GetValue(OutputFile)!, total,
            new Synchronous<BulkProgress>(p => line.Report(p.Ranked + p.Skipped, p.Total ?? 0)), cancellation);
        line.Dispose();
        Report(parsed, result);
        return ExitCode.Ok;
    }

    internal static void Report(ParseResult parsed, BulkProgress result)
    {
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(result);
        else Console.Out.WriteLine($"{result.Ranked} jobs ranked ({result.PerSecond:0.0}/s), {result.Skipped} were in {parsed.GetValue(OutputFile)} already");
    }

    private static async Task<int> RankOneAsync(ParseResult parsed, Database database, RankingSession session, CancellationToken cancellation)
    {
        var (request, subject) = await SubjectAsync(parsed, database, session, cancellation);
        return await ReportAsync(parsed, subject, await session.Ranking.RankAsync(Wanted(parsed), request, cancellation), cancellation);
    }

    internal static async Task<int> ReportAsync(
        ParseResult parsed, RankedSubject subject, IReadOnlyList<RankedDocument> ranking, CancellationToken cancellation)
    {
        if (parsed.GetValue(Html) is { } page)
        {
            await using var writer = new StreamWriter(page, append: false, new UTF8Encoding(false));
            RankingPage.Write(writer, new RankingPageHead(subject.Title, subject.Text, DateTimeOffset.UtcNow, subject.Description), ranking);
            Terminal.Say($"wrote {page}");
        }

        var result = new { Subject = subject.Title, subject.Profile, subject.ProfileVersion, Ranking = ranking };
        if (parsed.GetValue(OutputFile) is { } output) await File.AppendAllTextAsync(output, JsonOutput.ToLine(result) + "\n", cancellation);
        else if (parsed.GetValue(CommonOptions.Json) && parsed.GetValue(Follow)) Console.Out.WriteLine(JsonOutput.ToLine(result));
        else if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(result);
        else RankingText.Write(subject.Title, ranking);
        if (parsed.GetValue(Follow) && !parsed.GetValue(CommonOptions.Json)) Console.Out.WriteLine();
        return ExitCode.Ok;
    }

    /// <summary>What to rank for.</summary>
    internal static async Task<(RankingRequest Request, RankedSubject Subject)> SubjectAsync(
        ParseResult parsed, Database database, RankingSession session, CancellationToken cancellation)
    {
        var settings = Settings(parsed);
        RankedSubject Subject(string title, string text) =>
            new(title, text, session.Profile.Profile.Name, session.Profile.Version, session.ProfileName);
        if (await GivenTextAsync(parsed, cancellation) is { } given) return (settings with { Text = given }, Subject(FirstLine(given), given));
        var store = new DocumentStore(database);
        var (id, kind) = parsed.GetValue(Job) is { } job ? (job, DocumentKind.Job) : (parsed.GetValue(Cv)!, DocumentKind.Cv);
        var document = await DocumentsCommand.FindAsync(store, id, kind, cancellation);
        var text = (await store.TextAsync(document.Id, cancellation: cancellation))?.Body ?? "";
        return (settings with { DocumentId = document.Id }, Subject(kind == DocumentKind.Job ? FirstLine(text) : $"Jobs for {document.ExternalId}", text));
    }

    /// <summary>The text on the command line or in the file that it names; null where the subject is a stored document.</summary>
    internal static async Task<string?> GivenTextAsync(ParseResult parsed, CancellationToken cancellation) =>
        parsed.GetValue(JobText) ?? (parsed.GetValue(JobFile) is { } file ? await ReadFileAsync(file, cancellation) : null);

    public static async Task<string> ReadFileAsync(string path, CancellationToken cancellation)
    {
        if (!File.Exists(path)) throw new CommandException($"{path}: no such file");
        await using var parser = new DocumentParser();
        if (new FileInfo(path).Length > parser.Options.Limits.MaxBytes) throw new CommandException($"{path}: larger than {parser.Options.Limits.MaxBytes:N0} bytes");
        var parsed = await parser.ParseAsync(await File.ReadAllBytesAsync(path, cancellation), cancellation);
        return parsed.Outcome == DocumentOutcome.Ok ? parsed.Text : throw new CommandException($"{path}: {JsonOutput.Name(parsed.Outcome)}: {parsed.Detail}");
    }

    public static string FirstLine(string text)
    {
        const int longest = 100;
        var line = text.Split('\n').Select(part => part.Trim()).FirstOrDefault(part => part.Length > 0) ?? "";
        return line.Length > longest ? line[..longest] + "\u2026" : line;
    }
}
