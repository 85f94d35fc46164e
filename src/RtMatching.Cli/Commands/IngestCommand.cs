using System.CommandLine;
using RtMatching.Cli.Access;
using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;

namespace RtMatching.Cli.Commands;

/// <summary><c>ingest</c>: files, folders and bulk files into the store, embedded and ready to rank.</summary>
internal static class IngestCommand
{
    private static readonly Argument<string[]> Paths = new("path")
    {
        Description = "Files, folders, and bulk files (.jsonl, .csv, .tsv) with one document a row.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<DocumentKind> Kind = new("--kind") { Description = "What they are: cv or job.", DefaultValueFactory = _ => DocumentKind.Cv };
    private static readonly Option<string> Profile = CommonOptions.Profile();
    private static readonly Option<string?> Model = CommonOptions.Model();
    private static readonly Option<string?> Mapping = new("--mapping")
    {
        Description = "Columns of bulk files: id=ID,text=TITLE+BODY,tags=...,location=...,language=...,date=...; common names are recognised.",
        HelpName = "MAPPING",
    };

    private static readonly Option<string[]> Tags = new("--tag") { Description = "Put on every document; may be repeated.", HelpName = "T" };
    private static readonly Option<string?> ExternalId = new("--external-id") { Description = "Instead of the path; with exactly one file.", HelpName = "ID" };
    private static readonly Option<string?> Source = new("--source") { Description = "Where they come from; a document is (source, external id).", HelpName = "NAME" };
    private static readonly Option<bool> Reembed = new("--reembed")
    {
        Description = "Fill the profile's newest version for all stored documents while the old one serves, then switch.",
    };

    public static Command Create()
    {
        var command = new Command("ingest", "Loads CVs or jobs; what is stored unchanged is skipped, so that a second run resumes or does nothing.")
        {
            Paths, Kind, Profile, Model, Mapping, Tags, ExternalId, Source, Reembed, CommonOptions.Server, CommonOptions.Key,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Paths) is not { Length: > 0 } && !result.GetValue(Reembed)) result.AddError("ingest: name a file or folder, or say --reembed");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseForServer(parsed);
        var request = Request(parsed);
        var result = ExitCode.Ok;
        if (request.Paths.Count > 0)
        {
            await using var access = await CommandAccess.IngestionsAsync(parsed, cancellation);
            result = Tell(await access.IngestAsync(request, cancellation), access, parsed);
        }

        if (parsed.GetValue(Reembed)) Tell(await ReembedAsync(parsed, request.Profile, cancellation), parsed);
        return result;
    }

    /// <exception cref="UsageException">An option that a server does not take from its clients.</exception>
    private static void RefuseForServer(ParseResult parsed)
    {
        if (parsed.GetValue(CommonOptions.Server) is not { Length: > 0 }) return;
        if (parsed.GetValue(Reembed)) throw new UsageException("ingest: --reembed works on the database itself: run it where that is, without --server");
        if (parsed.GetValue(Model) is not null)
            throw new UsageException("ingest: --model names a model of this machine: make a profile at the server (PUT /v1/profiles/NAME) and name it with --profile");
    }

    private static IngestionRequest Request(ParseResult parsed) => new()
    {
        Paths = parsed.GetValue(Paths) ?? [],
        Kind = parsed.GetValue(Kind),
        Profile = parsed.GetValue(Profile)!,
        ModelPath = ModelCatalog.Resolve(parsed.GetValue(Model)),
        Mapping = ParseMapping(parsed.GetValue(Mapping)),
        Tags = parsed.GetValue(Tags) ?? [],
        ExternalId = parsed.GetValue(ExternalId),
        Source = parsed.GetValue(Source),
    };

    private static ColumnMapping ParseMapping(string? mapping)
    {
        try
        {
            return mapping is null ? new ColumnMapping() : ColumnMapping.Parse(mapping);
        }
        catch (FormatException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    /// <summary>Hands in and works off, with progress on stderr.</summary>
    /// <param name="items">What to ingest, where it does not come from the request's paths.</param>
    public static async Task<IngestionSummary> IngestAsync(
        IngestionService service, IngestionRequest request, CancellationToken cancellation, IAsyncEnumerable<SourceItem>? items = null)
    {
        long id;
        using (var submitting = new ProgressLine("handing in", "documents"))
        {
            var progress = new Synchronous<SubmissionProgress>(p => submitting.Report(p.Items, 0));
            id = items is null
                ? await service.StartAsync(request, progress, cancellation)
                : await service.StartAsync(request, items, progress, cancellation);
        }

        using var working = new ProgressLine("ingesting", "documents");
        return await service.RunAsync(id, Reporting(working), cancellation);
    }

    private static async Task<ProfileVersion> ReembedAsync(ParseResult parsed, string profile, CancellationToken cancellation)
    {
        await using var database = await Connection.OpenAsync(parsed, cancellation);
        using var service = new IngestionService(database, new IngestionOptions { Logger = CommandTelemetry.Ingestion });
        return await ReembedAsync(service, profile, cancellation);
    }

    internal static async Task<ProfileVersion> ReembedAsync(IngestionService service, string profile, CancellationToken cancellation)
    {
        using var working = new ProgressLine("embedding again", "documents");
        return await service.ReembedAsync(profile, Reporting(working), cancellation);
    }

    public static Synchronous<IngestionProgress> Reporting(ProgressLine line) => new(progress =>
    {
        var counts = progress.Counts;
        var note = counts.Unusable > 0 ? $"{counts.Unusable} not usable" : "";
        line.Report(counts.Total - counts.Open, counts.Total, note);
    });

    public static int Tell(IngestionSummary summary, IIngestions access, ParseResult parsed)
    {
        var counts = summary.Counts;
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(summary);
        else Console.Out.WriteLine($"ingestion {summary.Id} {JsonOutput.Name(summary.State)}: {counts.Embedded} embedded, {counts.Unchanged} unchanged, {counts.Rejected} not usable, {counts.Dead} given up");
        if (counts.Unusable > 0) Terminal.Say($"which and why: {access.HowToLook(summary.Id)}");
        return summary.State == IngestionState.Failed ? ExitCode.Failed : counts.Unusable > 0 ? ExitCode.SomeItemsNotUsable : ExitCode.Ok;
    }

    private static void Tell(ProfileVersion active, ParseResult parsed)
    {
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(active);
        else Console.Out.WriteLine($"profile {active.Profile.Name} version {active.Version} is active");
    }
}

/// <summary><see cref="Progress{T}"/> would report from the thread pool, out of order and after the end.</summary>
internal sealed class Synchronous<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
