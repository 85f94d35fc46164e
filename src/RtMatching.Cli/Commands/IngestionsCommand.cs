using System.CommandLine;
using System.Globalization;
using CsvHelper;
using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;

namespace RtMatching.Cli.Commands;

/// <summary><c>ingestions</c>: what was loaded, what became of each item, and what to do about the rest.</summary>
internal static class IngestionsCommand
{
    public static Command Create() =>
        new("ingestions", "Lists ingestions and their items; cancels and retries them.") { List(), Show(), Cancel(), Retry() };

    private static Argument<long> Id() => new("id") { Description = "The ingestion's number." };

    private static Command List()
    {
        var command = new Command("list", "The ingestions, newest first.");
        command.SetAction((parsed, cancellation) => WithServiceAsync(parsed, cancellation, async service =>
        {
            var ingestions = await service.ListAsync(cancellation: cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(ingestions);
            else Terminal.WriteTable(["id", "kind", "source", "profile", "state", "created", "embedded", "unchanged", "open", "not usable"], ingestions.Select(Row));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static string[] Row(IngestionSummary i) =>
    [
        Number(i.Id), JsonOutput.Name(i.Kind), i.Reembed ? "(re-embedding)" : i.Source, $"{i.Profile} {i.ProfileVersion}", JsonOutput.Name(i.State),
        i.CreatedAt.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
        Number(i.Counts.Embedded), Number(i.Counts.Unchanged), Number(i.Counts.Open), Number(i.Counts.Unusable),
    ];

    private static Command Show()
    {
        var id = Id();
        var failed = new Option<bool>("--failed") { Description = "Only what is not usable or was given up." };
        var csv = new Option<bool>("--csv") { Description = "The items as CSV." };
        var command = new Command("show", "One ingestion and its items.") { id, failed, csv };
        command.SetAction((parsed, cancellation) => WithServiceAsync(parsed, cancellation, async service =>
        {
            var detail = await service.ShowAsync(parsed.GetValue(id), parsed.GetValue(failed), cancellation);
            if (parsed.GetValue(csv)) WriteCsv(detail.Items);
            else if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(detail);
            else Write(detail);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Write(IngestionDetail detail)
    {
        Terminal.WriteTable(["id", "kind", "source", "profile", "state", "created", "embedded", "unchanged", "open", "not usable"], [Row(detail.Summary)]);
        Terminal.WriteTable(["outcome", "items"], detail.Outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (string[])[o.Key, Number(o.Value)]));
        Terminal.WriteTable(["item", "stage", "outcome", "attempts", "document", "detail"], detail.Items.Select(Row));
    }

    private static string[] Row(IngestionItem item) =>
        [item.Name, JsonOutput.Name(item.Stage), item.Outcome ?? "", Number(item.Attempts), item.DocumentId is { } id ? Number(id) : "", item.Detail ?? ""];

    private static void WriteCsv(IReadOnlyList<IngestionItem> items)
    {
        using var csv = CsvWriter.Create(Console.Out, CsvWriterOptions.Default, leaveOpen: true);
        foreach (var row in items.Select(Row).Prepend(["item", "stage", "outcome", "attempts", "document", "detail"]))
        {
            foreach (var cell in row) csv.WriteField(cell);
            csv.EndRecord();
        }
    }

    private static Command Cancel()
    {
        var id = Id();
        var command = new Command("cancel", "Stops an ingestion; what is embedded already stays.") { id };
        command.SetAction((parsed, cancellation) => WithServiceAsync(parsed, cancellation, async service =>
        {
            var stopped = await service.CancelAsync(parsed.GetValue(id), cancellation);
            Terminal.Say(stopped ? $"ingestion {parsed.GetValue(id)} is cancelled" : $"ingestion {parsed.GetValue(id)} had ended already");
            return stopped ? ExitCode.Ok : ExitCode.Failed;
        }));
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var command = new Command("retry", "Works again on what was rejected, given up or cancelled.") { id };
        command.SetAction((parsed, cancellation) => WithServiceAsync(parsed, cancellation, async service =>
        {
            var open = await service.RetryAsync(parsed.GetValue(id), cancellation);
            Terminal.Say($"{open} items to work on");
            using var working = new ProgressLine("ingesting", "documents");
            var summary = await service.RunAsync(parsed.GetValue(id), IngestCommand.Reporting(working), cancellation);
            return IngestCommand.Tell(summary, parsed);
        }));
        return command;
    }

    private static async Task<int> WithServiceAsync(ParseResult parsed, CancellationToken cancellation, Func<IngestionService, Task<int>> work)
    {
        await using var database = await Connection.OpenAsync(parsed, cancellation);
        using var service = new IngestionService(database, new IngestionOptions { Logger = CommandTelemetry.Ingestion });
        return await work(service);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
