using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>What the parts of an ingestion are read with; stored with it.</summary>
internal sealed record StoredRequest(string? Source, IReadOnlyList<string> Tags, ColumnMapping Mapping);

/// <summary>
/// The submitting side of an ingestion: all at once, or opened, added to part by part and completed. A part cut off in the middle leaves
/// what was committed, and may be handed in again whole: items are known by their names. Work may begin before everything is in.
/// </summary>
/// <param name="load">Gives the model at a path (null: the built-in one), which stays the caller's. Without it the model is loaded for as
/// long as a first profile is made of it.</param>
public sealed class IngestionIntake(Database database, IngestionOptions? options = null, Func<string?, LanguageModel>? load = null)
{
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(5);

    private readonly DatabaseRetry _retry = new(database, (options ?? new IngestionOptions()).DatabasePatience);
    private readonly ProfileStore _profiles = new(database);

    private IngestionStore Store => new(_retry);

    /// <summary>Opens, adds and completes; returns the ingestion's id.</summary>
    public async Task<long> StartAsync(IngestionRequest request, IAsyncEnumerable<SourceItem> items,
        IProgress<SubmissionProgress>? progress = null, CancellationToken cancellation = default)
    {
        var id = await OpenAsync(request, cancellation: cancellation);
        try
        {
            await AddAsync(id, items, progress, cancellation);
        }
        catch
        {
            await AbandonAsync(id);
            throw;
        }

        await CompleteAsync(id, cancellation: cancellation);
        return id;
    }

    /// <summary>Makes an ingestion that waits for its items.</summary>
    /// <param name="key">Records that it stands for the new ingestion.</param>
    /// <exception cref="ArgumentException">Another model than the profile's.</exception>
    public async Task<long> OpenAsync(IngestionRequest request, KeyHold? key = null, CancellationToken cancellation = default)
    {
        IngestionSource.CheckSource(request.Source);
        var profile = await ActiveAsync(request, cancellation);
        await Store.ReapAbandonedAsync(cancellation);
        return await Store.CreateAsync(request.Tenant, request.Kind, IngestionSource.Describe(request), profile.Id, reembed: false,
            cancellation, new StoredRequest(request.Source, request.Tags, request.Mapping), key);
    }

    /// <summary>Takes an open ingestion up again, and tells what its parts are read with.</summary>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    /// <exception cref="InvalidOperationException">Nothing can be added to it any more; the message says why.</exception>
    public async Task<IngestionRequest> ReopenAsync(long id, string? tenant = null, CancellationToken cancellation = default)
    {
        var summary = await new IngestionRecords(database, options).FindAsync(id, tenant, cancellation);
        if (summary.Submitted || summary.State == IngestionState.Cancelled || await Store.RequestAsync(id, cancellation) is not { } stored)
        {
            var why = summary.State == IngestionState.Cancelled ? "was cancelled" : "is complete";
            throw new InvalidOperationException($"Ingestion {id} {why}: hand these documents in as a new ingestion.");
        }

        await Store.ReopenAsync(id, cancellation);
        return new IngestionRequest
        {
            Tenant = summary.Tenant, Kind = summary.Kind, Profile = summary.Profile,
            Source = stored.Source, Tags = stored.Tags, Mapping = stored.Mapping,
        };
    }

    /// <summary>
    /// Hands items in. What is stored already with this content and has a vector is <c>unchanged</c>; what an unfinished earlier
    /// ingestion still had to do of the same documents is taken over by this one.
    /// </summary>
    /// <exception cref="OperationCanceledException">The ingestion was cancelled or completed meanwhile.</exception>
    public async Task AddAsync(long id, IAsyncEnumerable<SourceItem> items, IProgress<SubmissionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var summary = await new IngestionRecords(database, options).FindAsync(id, cancellation: cancellation);
        var profile = (await _retry.RunAsync(_profiles.ListAsync, cancellation))
            .Single(version => version.Profile.Name == summary.Profile && version.Version == summary.ProfileVersion);
        var submission = new Submission(_retry, profile, summary, new VectorStore(database, profile));
        try
        {
            await foreach (var item in items.WithCancellation(cancellation))
            {
                await submission.AddAsync(item, cancellation);
                progress?.Report(new SubmissionProgress(submission.Items));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The source broke off: what came before is whole.
            await submission.FlushAsync(cancellation);
            throw;
        }

        await submission.FlushAsync(cancellation);
        progress?.Report(new SubmissionProgress(submission.Items));
    }

    /// <summary>Everything is handed in: the ingestion ends once its items have.</summary>
    /// <param name="key">Whose submission is complete with it.</param>
    public async Task CompleteAsync(long id, KeyHold? key = null, CancellationToken cancellation = default)
    {
        await Store.SubmittedAsync(id, key, cancellation);
        await Store.EndTakenOverAsync(cancellation);
    }

    /// <summary>The key's submission was handed in whole, and the ingestion stays open for others.</summary>
    public Task CompletePartAsync(long id, KeyHold key, CancellationToken cancellation = default) =>
        Store.CompleteAsync(id, key, cancellation);

    /// <summary>
    /// Nobody will hand in the rest: what was handed in waits for `retry`, or for the next ingestion of the same documents, which takes
    /// it over.
    /// </summary>
    public async Task AbandonAsync(long id)
    {
        using var farewell = new CancellationTokenSource(FarewellPatience);
        await Store.TryFailAsync(id, farewell.Token);
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

        var profile = await Task.Run(() => FirstProfile(modelPath, request.Profile), cancellation);
        return await _retry.RunAsync(token => _profiles.SaveAsync(profile, token), cancellation);
    }

    private TaskProfile FirstProfile(string? modelPath, string name)
    {
        if (load is not null) return DefaultProfiles.Create(load(modelPath), modelPath, name);
        using var model = LanguageModel.Load(modelPath);
        return DefaultProfiles.Create(model, modelPath, name);
    }

    /// <exception cref="InvalidOperationException">The version's texts were prepared otherwise than this program does.</exception>
    internal static ProfileVersion Current(ProfileVersion version) => version.Profile.Preparation == TextPreparation.Version
        ? version
        : throw new InvalidOperationException(
            $"Profile {version.Profile.Name} version {version.Version} was made with text preparation {version.Profile.Preparation}; this " +
            $"program has {TextPreparation.Version}. Save a new version with `profiles set`, then run `ingest --reembed`.");
}
