using System.CommandLine;
using System.Globalization;
using RtMatching.Cli.Access;
using RtMatching.Cli.Output;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>documents</c>: the stored CVs and jobs.</summary>
internal static class DocumentsCommand
{
    private static readonly Argument<string> Id = new("id") { Description = "The document's number, or its external id." };

    public static Command Create() => new("documents", "Lists, shows and deletes stored CVs and jobs.") { List(), Show(), Delete() };

    private static Command List()
    {
        var kind = new Option<DocumentKind?>("--kind") { Description = "Only cv, or only job." };
        var source = new Option<string?>("--source") { Description = "Only those of this source.", HelpName = "NAME" };
        var tag = new Option<string?>("--tag") { Description = "Only those with this tag.", HelpName = "T" };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 100, HelpName = "N" };
        var after = new Option<long>("--after") { Description = "Go on after this number: the last one of the page before.", HelpName = "ID" };
        var command = new Command("list", "The stored documents, by number.") { kind, source, tag, limit, after, CommonOptions.Server, CommonOptions.Key };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var access = await CommandAccess.DocumentsAsync(parsed, cancellation);
            var documents = await access.ListAsync(new DocumentQuery
            {
                Kind = parsed.GetValue(kind), Source = parsed.GetValue(source), Tag = parsed.GetValue(tag),
                Limit = Positive(parsed.GetValue(limit)), After = parsed.GetValue(after),
            }, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(documents);
            else Terminal.WriteTable(["id", "kind", "source", "external id", "version", "tags", "location", "language", "updated"], documents.Select(Row));
            return ExitCode.Ok;
        });
        return command;
    }

    private static int Positive(int limit) => limit > 0 ? limit : throw new UsageException($"--limit {limit}: must be positive");

    private static string[] Row(StoredDocument document) =>
    [
        document.Id.ToString(CultureInfo.InvariantCulture), JsonOutput.Name(document.Kind), document.Source, document.ExternalId,
        document.CurrentVersion?.ToString(CultureInfo.InvariantCulture) ?? "", string.Join(' ', document.Tags), document.Location ?? "", document.Language ?? "",
        document.UpdatedAt.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
    ];

    private static Command Show()
    {
        var text = new Option<bool>("--text") { Description = "Print the text instead, as parsed." };
        var command = new Command("show", "One document, as JSON; its text only when asked for.") { Id, text, CommonOptions.Server, CommonOptions.Key };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var access = await CommandAccess.DocumentsAsync(parsed, cancellation);
            var document = await FindAsync(access, parsed.GetValue(Id)!, cancellation);
            if (!parsed.GetValue(text)) JsonOutput.Write(await access.DescribeAsync(document, cancellation));
            else Console.Out.WriteLine(await access.TextAsync(document.Id, cancellation) ?? throw new CommandException($"document {document.Id} is not parsed yet"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Delete()
    {
        var command = new Command("delete", "Deletes a document: bytes, text, vectors and the queue's traces of it.") { Id, CommonOptions.Server, CommonOptions.Key };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var access = await CommandAccess.DocumentsAsync(parsed, cancellation);
            var document = await FindAsync(access, parsed.GetValue(Id)!, cancellation);
            await access.DeleteAsync(document.Id, cancellation);
            Terminal.Say($"document {document.Id} is deleted");
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The document of a number, or else of an external id that only one document has.</summary>
    public static Task<StoredDocument> FindAsync(DocumentStore store, string id, DocumentKind? kind, CancellationToken cancellation) =>
        FindAsync(number => store.FindAsync(number, cancellation: cancellation), query => store.ListAsync(query, cancellation), id, kind);

    private static Task<StoredDocument> FindAsync(IDocuments access, string id, CancellationToken cancellation) =>
        FindAsync(number => access.FindAsync(number, cancellation), query => access.ListAsync(query, cancellation), id, null);

    private static async Task<StoredDocument> FindAsync(
        Func<long, Task<StoredDocument?>> find, Func<DocumentQuery, Task<IReadOnlyList<StoredDocument>>> list, string id, DocumentKind? kind)
    {
        if (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && await find(number) is { } document
            && (kind is null || document.Kind == kind)) return document;
        var found = await list(new DocumentQuery { ExternalId = id, Kind = kind, Limit = 2 });
        return found switch
        {
            [var only] => only,
            [] => throw new CommandException($"there is no {(kind is { } wanted ? JsonOutput.Name(wanted) : "document")} '{id}'; 'rtmatch documents list' shows them"),
            _ => throw new CommandException($"several documents have the external id '{id}'; name one by its number from 'rtmatch documents list'"),
        };
    }
}
