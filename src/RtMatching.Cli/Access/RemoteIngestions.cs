using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Core.Ingestion;

namespace RtMatching.Cli.Access;

/// <summary>
/// Ingestions of a server. Files go there in parts, each sent again until the server is there to take it: items are known by their names,
/// so that nothing comes in twice.
/// </summary>
internal sealed class RemoteIngestions(ServerClient server) : IIngestions
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(300);

    public async Task<IngestionSummary> IngestAsync(IngestionRequest request, CancellationToken cancellation)
    {
        IngestionSource.Check(request);
        var key = Guid.NewGuid().ToString();
        var opened = await server.ReadAsync<IngestionSummary>(() => new HttpRequestMessage(HttpMethod.Post, $"v1/ingestions{Query(request)}")
        {
            Headers = { { "Idempotency-Key", key } },
        }, cancellation);
        return await FollowedAsync(opened.Id, async () =>
        {
            await HandInAsync(opened.Id, request, cancellation);
            return await EndAsync(opened.Id, cancellation);
        }, cancellation);
    }

    private async Task HandInAsync(long id, IngestionRequest request, CancellationToken cancellation)
    {
        using var line = new ProgressLine("handing in", "files");
        var handedIn = 0L;
        foreach (var part in Parts.Of(SourceFiles.Of(request.Paths), request.ExternalId))
        {
            var items = string.Create(CultureInfo.InvariantCulture, $"v1/ingestions/{id}/items");
            await server.ReadAsync<IngestionSummary>(() => new HttpRequestMessage(HttpMethod.Post, items) { Content = new PartContent(part) }, cancellation);
            line.Report(handedIn += part.Count, 0);
        }

        await server.PostAsync<IngestionSummary>(Path(id, "/items?complete=true"), null, cancellation);
    }

    /// <summary>Where the user stops waiting, the work goes on without: says how to look.</summary>
    private async Task<T> FollowedAsync<T>(long id, Func<Task<T>> follow, CancellationToken cancellation)
    {
        try
        {
            return await follow();
        }
        catch (Exception e) when (e is OperationCanceledException or CommandException)
        {
            Terminal.Say($"the server goes on with what it has of ingestion {id}: {Show(id)}");
            throw;
        }
    }

    private async Task<IngestionSummary> EndAsync(long id, CancellationToken cancellation)
    {
        using var line = new ProgressLine("ingesting", "documents");
        while (true)
        {
            var summary = (await server.GetAsync<IngestionReport>(Path(id), cancellation)).Summary;
            if (summary.State is IngestionState.Done or IngestionState.Cancelled or IngestionState.Failed) return summary;
            var counts = summary.Counts;
            line.Report(counts.Total - counts.Open, counts.Total, counts.Unusable > 0 ? $"{counts.Unusable} not usable" : "");
            await Task.Delay(Poll, cancellation);
        }
    }

    /// <summary>A single bulk file gives the ingestion its name, as it does in the database.</summary>
    private static string Query(IngestionRequest request)
    {
        var source = request.Source ?? (SourceFiles.Of(request.Paths).Take(2).ToList() is [{ IsBulk: true } only] ? System.IO.Path.GetFileName(only.Path) : null);
        var query = new QueryText().Add("open", "true").Add("kind", JsonOutput.Name(request.Kind)).Add("profile", request.Profile).Add("source", source);
        foreach (var tag in request.Tags) query.Add("tag", tag);
        foreach (var mapping in Mapping(request.Mapping)) query.Add("mapping", mapping);
        return query.ToString();
    }

    private static IEnumerable<string> Mapping(ColumnMapping mapping)
    {
        var fields = new[] { ("id", mapping.Id), ("tags", mapping.Tags), ("location", mapping.Location), ("language", mapping.Language), ("date", mapping.Date) }
            .Concat(mapping.Text.Select(column => ("text", (string?)column)))
            .Where(field => field.Item2 is not null)
            .Select(field => $"{field.Item1}={field.Item2}")
            .ToList();
        return fields.Count == 0 ? [] : [string.Join(',', fields)];
    }

    public Task<IReadOnlyList<IngestionSummary>> ListAsync(CancellationToken cancellation) =>
        server.PagesAsync<IngestionSummary>("v1/ingestions", cancellation, limit: 100);

    public async Task<IngestionDetail> ShowAsync(long id, bool failedOnly, CancellationToken cancellation)
    {
        var report = await server.GetAsync<IngestionReport>(Path(id), cancellation);
        return new IngestionDetail(report.Summary, report.Outcomes, await server.PagesAsync<IngestionItem>(Path(id, failedOnly ? "/items?failed=true" : "/items"), cancellation));
    }

    public async Task<bool> CancelAsync(long id, CancellationToken cancellation)
    {
        using var response = await server.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, Path(id, "/cancel")), cancellation, expected: System.Net.HttpStatusCode.Conflict);
        return response.IsSuccessStatusCode;
    }

    public async Task<IngestionSummary> RetryAsync(long id, CancellationToken cancellation)
    {
        var retried = await server.PostAsync<IngestionSummary>(Path(id, "/retry"), null, cancellation);
        Terminal.Say($"{retried.Counts.Open} items to work on");
        return await FollowedAsync(id, () => EndAsync(id, cancellation), cancellation);
    }

    public string HowToLook(long id) => $"{Show(id)} --failed";

    private string Show(long id) => $"rtmatch ingestions show {id} --server {server.Address}";

    private static string Path(long id, string rest = "") => string.Create(CultureInfo.InvariantCulture, $"v1/ingestions/{id}{rest}");

    public ValueTask DisposeAsync()
    {
        server.Dispose();
        return ValueTask.CompletedTask;
    }
}
