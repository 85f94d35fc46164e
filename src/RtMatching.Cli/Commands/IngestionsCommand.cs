using System.CommandLine;
using System.Globalization;
using CsvHelper;
using RtMatching.Cli.Access;
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
        var command = new Command("list", "The ingestions, newest first.") { CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithIngestionsAsync(parsed, cancellation, async access =>
        {
            var ingestions = await access.ListAsync(cancellation);
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
        var command = new Command("show", "One ingestion and its items.") { id, failed, csv, CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithIngestionsAsync(parsed, cancellation, async access =>
        {
            var detail = await access.ShowAsync(parsed.GetValue(id), parsed.GetValue(failed), cancellation);
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
        var command = new Command("cancel", "Stops an ingestion; what is embedded already stays.") { id, CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithIngestionsAsync(parsed, cancellation, async access =>
        {
            var stopped = await access.CancelAsync(parsed.GetValue(id), cancellation);
            Terminal.Say(stopped ? $"ingestion {parsed.GetValue(id)} is cancelled" : $"ingestion {parsed.GetValue(id)} had ended already");
            return stopped ? ExitCode.Ok : ExitCode.Failed;
        }));
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var command = new Command("retry", "Works again on what was rejected, given up or cancelled.") { id, CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithIngestionsAsync(parsed, cancellation, async access =>
        {
            return IngestCommand.Tell(await access.RetryAsync(parsed.GetValue(id), cancellation), access, parsed);
        }));
        return command;
    }

    private static async Task<int> WithIngestionsAsync(ParseResult parsed, CancellationToken cancellation, Func<IIngestions, Task<int>> work)
    {
        await using var access = await CommandAccess.IngestionsAsync(parsed, cancellation);
        return await work(access);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
