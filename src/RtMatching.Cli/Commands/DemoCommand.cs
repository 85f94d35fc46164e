using System.CommandLine;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Documents;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Cli.Commands;

/// <summary><c>demo</c>: everything from nothing, in a database of its own: sample CVs and jobs in, rankings with reasons out.</summary>
internal static class DemoCommand
{
    private const string DatabaseName = "rtmatch_demo";
    private const string Source = "samples";
    private const int Shown = 3;

    private static string Samples => Path.Combine(AppContext.BaseDirectory, "samples");

    public static Command Create()
    {
        var html = new Option<string?>("--html") { Description = "Also write the first job's ranking as a page.", HelpName = "F.html" };
        var command = new Command("demo", "From nothing to ranked candidates with reasons, over made-up CVs and jobs.") { html };
        command.SetAction(async (parsed, cancellation) => await RunAsync(parsed.GetValue(html), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? html, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        await using var database = await Connection.OpenAsync(DatabaseName, cancellation);
        using (var service = new IngestionService(database, new IngestionOptions { Logger = CommandTelemetry.Ingestion }))
        {
            await CatchUpAsync(database, service, cancellation);
            await IngestAsync(service, "cvs", DocumentKind.Cv, cancellation);
            await IngestAsync(service, "jobs", DocumentKind.Job, cancellation);
        }

        using var session = await RankingSession.OpenAsync(database, TaskProfile.DefaultName, cancellation);
        foreach (var job in await new DocumentStore(database).ListAsync(new DocumentQuery { Kind = DocumentKind.Job }, cancellation))
        {
            var ranking = await session.Ranking.RankCandidatesAsync(new RankingRequest { DocumentId = job.Id, Top = Shown, Explain = true }, cancellation);
            var text = (await new DocumentStore(database).TextAsync(job.Id, cancellation: cancellation))!.Body;
            Console.Out.WriteLine();
            RankingText.Write(RankCommand.FirstLine(text), ranking);
            if (html is not null)
            {
                await using var writer = new StreamWriter(html);
                RankingPage.Write(writer, new RankingPageHead(RankCommand.FirstLine(text), text, DateTimeOffset.UtcNow, session.ProfileName), ranking);
                html = null;
            }
        }

        Terminal.Say($"\ndone in {clock.Elapsed.TotalSeconds:0} s; try: rtmatch rank --database {DatabaseName} --text \"head chef, seasonal menus\" --explain");
        return ExitCode.Ok;
    }

    /// <summary>A newer program brings newer weights: what the database holds is embedded again with these, and nothing in it is lost.</summary>
    private static async Task CatchUpAsync(Database database, IngestionService service, CancellationToken cancellation)
    {
        var active = await new ProfileStore(database).FindActiveAsync(TaskProfile.DefaultName, cancellation);
        if (active is null or { Profile.ModelPath: not null }) return;
        using (var model = LanguageModel.Load(null))
        {
            if (active.Profile.WeightsHash == model.WeightsHash && active.Profile.Preparation == TextPreparation.Version) return;
            await new ProfileStore(database).SaveAsync(DefaultProfiles.Create(model, null, TaskProfile.DefaultName), cancellation);
        }

        Terminal.Say("the demo was last run with another version of the built-in model: embedding again");
        await IngestCommand.ReembedAsync(service, TaskProfile.DefaultName, cancellation);
    }

    private static async Task IngestAsync(IngestionService service, string folder, DocumentKind kind, CancellationToken cancellation)
    {
        var request = new IngestionRequest { Kind = kind, Source = Source };
        var counts = (await IngestCommand.IngestAsync(service, request, cancellation, SamplesAsync(folder, cancellation))).Counts;
        Terminal.Say($"{folder}: {counts.Embedded} embedded, {counts.Unchanged} there already, {counts.Unusable} not usable");
    }

    /// <summary>Named by their files alone, so that the demo looks the same wherever it was built.</summary>
    private static async IAsyncEnumerable<SourceItem> SamplesAsync(string folder, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Samples, folder)).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            yield return new SourceItem(name, Source, name, await File.ReadAllBytesAsync(path, cancellation));
        }
    }
}
