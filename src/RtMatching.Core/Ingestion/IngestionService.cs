using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>Bulk loads, from paths to vectors: the door that the command line and the server use.</summary>
/// <param name="load">Gives the model at a path (null: the built-in one), which stays the caller's. Without it models are loaded and
/// disposed here.</param>
public sealed class IngestionService(Database database, IngestionOptions? options = null, Func<string?, LanguageModel>? load = null)
    : IAsyncDisposable, IDisposable
{
    private readonly IngestionOptions _options = options ?? new IngestionOptions();
    private readonly DatabaseRetry _retry = new(database, (options ?? new IngestionOptions()).DatabasePatience);
    private readonly ProfileStore _profiles = new(database);
    private readonly Dictionary<string, LanguageModel> _models = [];
    private readonly Lock _loading = new();
    private readonly Lazy<DocumentParser> _parser = new(() => new DocumentParser());

    /// <summary>Another parser than <see cref="DocumentParser"/>, for tests of what happens around it.</summary>
    internal Func<ReadOnlyMemory<byte>, CancellationToken, Task<ParsedDocument>>? Parse { get; init; }

    private Database Database { get; } = database;
    private IngestionStore Store => new(_retry);

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
    public async Task<long> StartAsync(
        IngestionRequest request, IAsyncEnumerable<SourceItem> items, IProgress<SubmissionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var profile = await ActiveAsync(request, cancellation);
        var store = Store;
        await store.ReapAbandonedAsync(cancellation);
        var id = await store.CreateAsync(
            request.Tenant, request.Kind, IngestionSource.Describe(request), profile.Id, reembed: false, cancellation);
        try
        {
            var submission = new Submission(_retry, profile, request, id, new VectorStore(Database, profile));
            await SubmitAsync(submission, items, progress, cancellation);
        }
        catch
        {
            // What was handed in waits for `retry`, or for the next ingestion of the same documents, which takes it over.
            using var farewell = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await store.TryFailAsync(id, farewell.Token);
            throw;
        }

        await store.SubmittedAsync(id, cancellation);
        await store.EndTakenOverAsync(cancellation);
        return id;
    }

    private static async Task SubmitAsync(
        Submission submission, IAsyncEnumerable<SourceItem> items, IProgress<SubmissionProgress>? progress, CancellationToken cancellation)
    {
        await foreach (var item in items.WithCancellation(cancellation))
        {
            await submission.AddAsync(item, cancellation);
            progress?.Report(new SubmissionProgress(submission.Items));
        }

        await submission.FlushAsync(cancellation);
        progress?.Report(new SubmissionProgress(submission.Items));
    }

    /// <summary>
    /// Works on the ingestion until none of its items is open, then builds missing indexes. Several processes may run one ingestion.
    /// Cancellation hands back what is leased; running again resumes.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<IngestionSummary> RunAsync(
        long id, IProgress<IngestionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var summary = await FindAsync(id, cancellation);
        var profile = Current(await ProfileOfAsync(summary, cancellation));
        await Store.TransitAsync(id, [IngestionState.Pending], IngestionState.Running, cancellation);
        if (!summary.Submitted || summary.Counts.Open > 0) await Worker(profile).RunAsync(id, progress, cancellation);
        if (await Store.FinishAsync(id, cancellation))
        {
            await _retry.RunAsync(new VectorStore(Database, profile).BuildIndexesAsync, cancellation);
            if (!summary.Reembed) await FollowSwitchAsync(profile, progress, cancellation);
        }

        return await FindAsync(id, cancellation);
    }

    private IngestionWorker Worker(ProfileVersion profile)
    {
        var queue = new WorkQueue(_retry, _options);
        var parse = new ParseStage(_retry, queue, Parse ?? ((bytes, token) => _parser.Value.ParseAsync(bytes, token)), _options);
        return new IngestionWorker(queue, Store, parse, Embed, _options);

        EmbedStage Embed()
        {
            var embedder = new DocumentEmbedder(Model(profile.Profile.ModelPath), profile.Profile);
            return new EmbedStage(_retry, queue, embedder, new VectorStore(Database, profile), _options);
        }
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
        Store.ListAsync(tenant, limit, cancellation);

    /// <param name="failedOnly">Only rejected and dead items.</param>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<IngestionDetail> ShowAsync(long id, bool failedOnly = false, CancellationToken cancellation = default)
    {
        var summary = await FindAsync(id, cancellation);
        return new IngestionDetail(
            summary, await Store.OutcomesAsync(id, cancellation), await Store.ItemsAsync(id, failedOnly, cancellation));
    }

    /// <summary>Stops the ingestion and its open items; false where it had ended already.</summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<bool> CancelAsync(long id, CancellationToken cancellation = default)
    {
        await FindAsync(id, cancellation);
        return await Store.CancelAsync(id, cancellation);
    }

    /// <summary>
    /// Puts dead, rejected and cancelled items back into the queue, and takes up an ingestion whose submission was cut off; run it then.
    /// Items that were rejected without being stored (unreadable, too large, malformed rows) stay: ingest them again once mended.
    /// </summary>
    /// <returns>How many items are open now.</returns>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<long> RetryAsync(long id, CancellationToken cancellation = default)
    {
        await FindAsync(id, cancellation);
        await Store.RetryAsync(id, cancellation);
        return (await FindAsync(id, cancellation)).Counts.Open;
    }

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
        var store = Store;
        var vectors = new VectorStore(Database, version);
        var ids = new List<long>();
        foreach (var (tenant, kind) in await store.MissingAsync(vectors.Vectors, cancellation))
        {
            var id = await store.CreateAsync(tenant, kind, "reembed", version.Id, reembed: true, cancellation);
            await store.QueueMissingAsync(id, version, vectors.Vectors, cancellation);
            await RunAsync(id, progress, cancellation);
            ids.Add(id);
        }

        return ids;
    }

    /// <summary>The profile's active version; where none is stored, the model's default as its first.</summary>
    private async Task<ProfileVersion> ActiveAsync(IngestionRequest request, CancellationToken cancellation)
    {
        // Stored in full: the next run may start in another folder.
        var modelPath = request.ModelPath is null ? null : Path.GetFullPath(request.ModelPath);
        var active = await _retry.RunAsync(token => _profiles.FindActiveAsync(request.Profile, token), cancellation);
        if (active is not null)
        {
            if (modelPath is not null && modelPath != active.Profile.ModelPath)
                throw new ArgumentException(
                    $"Profile {request.Profile} embeds with {active.Profile.ModelName}: give another profile name for another model, " +
                    "or change the profile with `profiles set` and run `ingest --reembed`.");
            return Current(active);
        }

        var model = await Task.Run(() => Model(modelPath), cancellation);
        var profile = DefaultProfiles.Create(model, modelPath, request.Profile);
        return await _retry.RunAsync(token => _profiles.SaveAsync(profile, token), cancellation);
    }

    private async Task<ProfileVersion> ProfileOfAsync(IngestionSummary summary, CancellationToken cancellation) =>
        (await _retry.RunAsync(_profiles.ListAsync, cancellation))
        .Single(version => version.Profile.Name == summary.Profile && version.Version == summary.ProfileVersion);

    /// <exception cref="InvalidOperationException">The version's texts were prepared otherwise than this program does.</exception>
    private static ProfileVersion Current(ProfileVersion version) => version.Profile.Preparation == TextPreparation.Version
        ? version
        : throw new InvalidOperationException(
            $"Profile {version.Profile.Name} version {version.Version} was made with text preparation {version.Profile.Preparation}; this " +
            $"program has {TextPreparation.Version}. Save a new version with `profiles set`, then run `ingest --reembed`.");

    private async Task<IngestionSummary> FindAsync(long id, CancellationToken cancellation) =>
        await Store.FindAsync(id, cancellation)
        ?? throw new KeyNotFoundException($"There is no ingestion {id}: `ingestions list` shows those there are.");

    private LanguageModel Model(string? path)
    {
        if (load is not null) return load(path);
        lock (_loading)
        {
            if (!_models.TryGetValue(path ?? "", out var model)) _models[path ?? ""] = model = LanguageModel.Load(path);
            return model;
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _models.Values) model.Dispose();
        if (_parser.IsValueCreated) await _parser.Value.DisposeAsync();
    }
}
