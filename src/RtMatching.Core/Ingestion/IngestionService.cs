using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Core.Telemetry;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>Bulk loads, from paths to vectors: the door that the command line and the server use.</summary>
/// <param name="engines">The caller's. Without them models are loaded and disposed here.</param>
public sealed class IngestionService(Database database, IngestionOptions? options = null, Engines? engines = null)
    : IAsyncDisposable, IDisposable
{
    private readonly IngestionOptions _options = options ?? new IngestionOptions();
    private readonly DatabaseRetry _retry = new(database, (options ?? new IngestionOptions()).DatabasePatience);
    private readonly ProfileStore _profiles = new(database);
    private readonly Lazy<Engines> _engines = new(
        () => engines ?? new Engines(LanguageModel.Load, (options ?? new IngestionOptions()).Logger));
    private readonly Lazy<DocumentParser> _parser = new(() => new DocumentParser());

    /// <summary>Another parser than <see cref="DocumentParser"/>, for tests of what happens around it.</summary>
    internal Func<ReadOnlyMemory<byte>, CancellationToken, Task<ParsedDocument>>? Parse { get; init; }

    private Database Database { get; } = database;
    private IngestionStore Store => new(_retry);
    private IngestionIntake Intake => new(Database, _options, path => _engines.Value.Get(path).Model);
    private IngestionRecords Records => new(Database, _options);

    /// <summary>
    /// Hands every file and row in; returns the ingestion's id. What is stored already with this content and has a vector is
    /// <c>unchanged</c>; what an unfinished earlier ingestion still had to do of the same documents is taken over by this one.
    /// </summary>
    /// <exception cref="FileNotFoundException">A path does not exist; nothing is handed in.</exception>
    public Task<long> StartAsync(
        IngestionRequest request, IProgress<SubmissionProgress>? progress = null, CancellationToken cancellation = default)
    {
        IngestionSource.Check(request);
        return StartAsync(request, new IngestionSource(request, _options).ReadAsync(cancellation), progress, cancellation);
    }

    /// <summary>The same for items that come from elsewhere than a path.</summary>
    public Task<long> StartAsync(
        IngestionRequest request, IAsyncEnumerable<SourceItem> items, IProgress<SubmissionProgress>? progress = null,
        CancellationToken cancellation = default) => Intake.StartAsync(request, items, progress, cancellation);

    /// <summary>
    /// Works on the ingestion until none of its items is open, then builds missing indexes. Several processes may run one ingestion.
    /// Cancellation hands back what is leased; running again resumes.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<IngestionSummary> RunAsync(
        long id, IProgress<IngestionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var summary = await FindAsync(id, cancellation);
        var profile = IngestionIntake.Current(await ProfileOfAsync(summary, cancellation));
        await Store.TransitAsync(id, [IngestionState.Pending], IngestionState.Running, cancellation);
        _options.Logger.Started(id);
        if (!summary.Submitted || summary.Counts.Open > 0)
        {
            var open = new OpenIngestion(id, profile.Id, summary.State, summary.Reembed, HasQueued: true, HasParsed: true, HasEnded: false);
            await Worker().RunAsync(open, progress, cancellation);
        }

        if (await Store.FinishAsync(id, cancellation))
        {
            await _retry.RunAsync(new VectorStore(Database, profile).BuildIndexesAsync, cancellation);
            if (!summary.Reembed) await FollowSwitchAsync(profile, progress, cancellation);
        }

        var ended = await FindAsync(id, cancellation);
        _options.Logger.Finished(ended);
        return ended;
    }

    private IngestionWorker Worker()
    {
        var queue = new WorkQueue(_retry, _options);
        var parse = new ParseStage(_retry, queue, Parse ?? ((bytes, token) => _parser.Value.ParseAsync(bytes, token)), _options);
        var embed = new EmbedStages(Database, _retry, queue, _options, _engines.Value);
        return new IngestionWorker(new StageLoops(queue, parse, embed, _options), Store, _options);
    }

    /// <summary>Where another version was switched to meanwhile, what came in is embedded for that one too, or it would not rank.</summary>
    private async Task FollowSwitchAsync(ProfileVersion profile, IProgress<IngestionProgress>? progress, CancellationToken cancellation)
    {
        var active = await _retry.RunAsync(token => _profiles.FindActiveAsync(profile.Profile.Name, token), cancellation);
        if (active is not null && active.Id != profile.Id) await FillAsync(active, progress, cancellation);
    }

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<IngestionSummary>> ListAsync(
        string tenant = "default", int limit = 100, CancellationToken cancellation = default) =>
        Records.ListAsync(tenant, limit: limit, cancellation: cancellation);

    /// <param name="failedOnly">Only rejected and dead items.</param>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<IngestionDetail> ShowAsync(long id, bool failedOnly = false, CancellationToken cancellation = default)
    {
        var summary = await FindAsync(id, cancellation);
        return new IngestionDetail(
            summary, await Store.OutcomesAsync(id, cancellation), await Store.ItemsAsync(id, failedOnly, 0, int.MaxValue, cancellation));
    }

    /// <inheritdoc cref="IngestionRecords.CancelAsync"/>
    public Task<bool> CancelAsync(long id, CancellationToken cancellation = default) => Records.CancelAsync(id, cancellation: cancellation);

    /// <inheritdoc cref="IngestionRecords.RetryAsync"/>
    public Task<long> RetryAsync(long id, CancellationToken cancellation = default) => Records.RetryAsync(id, cancellation: cancellation);

    /// <summary>
    /// Fills the newest version of a profile for every current document of both kinds and all tenants while the active one goes on
    /// serving, then switches. Returns the version that is active now.
    /// </summary>
    /// <exception cref="InvalidOperationException">Some documents cannot be embedded; the message says how to find them. Nothing is
    /// switched.</exception>
    public async Task<ProfileVersion> ReembedAsync(
        string profile = TaskProfile.DefaultName, IProgress<IngestionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var newest = (await _retry.RunAsync(_profiles.ListAsync, cancellation))
            .Where(version => version.Profile.Name == profile).MaxBy(version => version.Version)
            ?? throw new InvalidOperationException($"There is no profile {profile}: `ingest` makes the first one, `profiles set` others.");
        var missingBefore = long.MaxValue;
        while (true)
        {
            var ids = await FillAsync(newest, progress, cancellation);
            var missing = await _retry.RunAsync(token => _profiles.ActivateAsync(newest.Id, token), cancellation);
            if (missing == 0) return newest with { Active = true };

            // New documents may have come meanwhile, which the next round takes; but the same ones failing again would go on for ever.
            if (missing >= missingBefore)
                throw new InvalidOperationException(
                    $"{missing} documents have no vector in version {newest.Version} of {profile}, which is not switched to. " +
                    $"See `ingestions show {(ids.Count > 0 ? ids[^1] : 0)} --failed`; retry or delete them, then run `ingest --reembed` again.");
            missingBefore = missing;
        }
    }

    private async Task<IReadOnlyList<long>> FillAsync(
        ProfileVersion version, IProgress<IngestionProgress>? progress, CancellationToken cancellation)
    {
        var ids = await new MissingVectors(Database, Store).QueueAsync(version, cancellation);
        foreach (var id in ids) await RunAsync(id, progress, cancellation);
        return ids;
    }

    private async Task<ProfileVersion> ProfileOfAsync(IngestionSummary summary, CancellationToken cancellation) =>
        (await _retry.RunAsync(_profiles.ListAsync, cancellation))
        .Single(version => version.Profile.Name == summary.Profile && version.Version == summary.ProfileVersion);

    private Task<IngestionSummary> FindAsync(long id, CancellationToken cancellation) => Records.FindAsync(id, cancellation: cancellation);

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (engines is null && _engines.IsValueCreated) await _engines.Value.DisposeAsync();
        if (_parser.IsValueCreated) await _parser.Value.DisposeAsync();
    }
}
