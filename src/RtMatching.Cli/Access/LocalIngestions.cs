using RtMatching.Cli.Commands;
using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Access;

/// <summary>Ingestions of the database, worked on in this process.</summary>
internal sealed class LocalIngestions(Database database) : IIngestions
{
    private readonly IngestionService _service = new(database, new IngestionOptions { Logger = CommandTelemetry.Ingestion });

    public Task<IngestionSummary> IngestAsync(IngestionRequest request, CancellationToken cancellation) =>
        IngestCommand.IngestAsync(_service, request, cancellation);

    public Task<IReadOnlyList<IngestionSummary>> ListAsync(CancellationToken cancellation) => _service.ListAsync(cancellation: cancellation);

    public Task<IngestionDetail> ShowAsync(long id, bool failedOnly, CancellationToken cancellation) => _service.ShowAsync(id, failedOnly, cancellation);

    public Task<bool> CancelAsync(long id, CancellationToken cancellation) => _service.CancelAsync(id, cancellation);

    public async Task<IngestionSummary> RetryAsync(long id, CancellationToken cancellation)
    {
        Terminal.Say($"{await _service.RetryAsync(id, cancellation)} items to work on");
        using var working = new ProgressLine("ingesting", "documents");
        return await _service.RunAsync(id, IngestCommand.Reporting(working), cancellation);
    }

    public string HowToLook(long id) => $"rtmatch ingestions show {id} --failed";

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await database.DisposeAsync();
    }
}
