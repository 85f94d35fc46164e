using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>Bulk loads, from paths to vectors: the door that the command line and the server use.</summary>
/// <param name="load">Loads a profile's model; <see cref="LanguageModel.Load"/> by default. Models loaded here are disposed here.</param>
public sealed class IngestionService(Database database, IngestionOptions? options = null, Func<string?, LanguageModel>? load = null) : IDisposable
{
    private Database Database { get; } = database;
    private IngestionOptions Options { get; } = options ?? new IngestionOptions();
    private Func<string?, LanguageModel> Load { get; } = load ?? LanguageModel.Load;

    /// <summary>
    /// Hands every file and row in; returns the ingestion's id. What is stored already with this content and has a vector is
    /// <c>unchanged</c>; what an unfinished earlier ingestion still had to do of the same documents is taken over by this one.
    /// </summary>
    /// <exception cref="FileNotFoundException">A path does not exist; nothing is handed in.</exception>
    public Task<long> StartAsync(
        IngestionRequest request, IProgress<SubmissionProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>The same for items that come from elsewhere than a path.</summary>
    public Task<long> StartAsync(
        IngestionRequest request, IAsyncEnumerable<SourceItem> items, IProgress<SubmissionProgress>? progress = null,
        CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Works on the ingestion until none of its items is open, then builds missing indexes. Several processes may run one ingestion.
    /// Cancellation hands back what is leased; running again resumes.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public Task<IngestionSummary> RunAsync(
        long id, IProgress<IngestionProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<IngestionSummary>> ListAsync(string tenant = "default", int limit = 100, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <param name="failedOnly">Only rejected and dead items.</param>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public Task<IngestionDetail> ShowAsync(long id, bool failedOnly = false, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Stops the ingestion and its open items; false where it had ended already.</summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public Task<bool> CancelAsync(long id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Puts dead, rejected and cancelled items back into the queue, and takes up an ingestion whose submission was cut off; run it then.
    /// Items that were rejected without being stored (unreadable, too large, malformed rows) stay: ingest them again once mended.
    /// </summary>
    /// <returns>How many items are open now.</returns>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public Task<long> RetryAsync(long id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Fills the newest version of a profile for every current document of both kinds and all tenants while the active one goes on
    /// serving, then switches. Returns the version that is active now.
    /// </summary>
    /// <exception cref="InvalidOperationException">Some documents cannot be embedded; the message says how to find them. Nothing is switched.</exception>
    public Task<ProfileVersion> ReembedAsync(
        string profile = TaskProfile.DefaultName, IProgress<IngestionProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
