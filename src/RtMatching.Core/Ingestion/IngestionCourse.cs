using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Ingestion;

/// <summary>What happens to an ingestion as a whole: it begins, it ends, and what comes after its end.</summary>
internal sealed class IngestionCourse(Database database, DatabaseRetry retry, IngestionStore store, IngestionOptions options)
{
    public static readonly TimeSpan BetweenHousekeepings = TimeSpan.FromMinutes(1);

    private readonly ProfileStore _profiles = new(database);

    /// <summary>From pending to running; nothing where somebody did that before.</summary>
    public async Task BeginAsync(long id, CancellationToken cancellation)
    {
        if (await store.TransitAsync(id, [IngestionState.Pending], IngestionState.Running, cancellation)) options.Logger.Started(id);
    }

    /// <summary>True for the one who ended it, who then follows up.</summary>
    public async Task<bool> FinishAsync(long id, CancellationToken cancellation)
    {
        if (!await store.FinishAsync(id, cancellation)) return false;
        if (await store.FindAsync(id, cancellation) is { } summary) options.Logger.Finished(summary);
        return true;
    }

    /// <summary>What comes after its end and may take minutes: missing indexes, and vectors for a version that was switched to meanwhile.</summary>
    /// <returns>Whether that opened other ingestions.</returns>
    public async Task<bool> FollowUpAsync(OpenIngestion ended, CancellationToken cancellation)
    {
        var version = await BuildAsync(version => version.Id == ended.ProfileVersionId, cancellation);
        return !ended.Reembed && version is not null && await FollowSwitchAsync(version, cancellation);
    }

    /// <summary>The indexes that a process should have built which died before it did.</summary>
    public Task BuildActiveAsync(CancellationToken cancellation) => BuildAsync(version => version.Active, cancellation);

    private async Task<ProfileVersion?> BuildAsync(Func<ProfileVersion, bool> of, CancellationToken cancellation)
    {
        var versions = (await retry.RunAsync(_profiles.ListAsync, cancellation)).Where(of).ToList();
        foreach (var version in versions) await retry.RunAsync(new VectorStore(database, version).BuildIndexesAsync, cancellation);
        return versions.FirstOrDefault();
    }

    /// <summary>Where another version was switched to meanwhile, what came in is embedded for that one too, or it would not rank.</summary>
    private async Task<bool> FollowSwitchAsync(ProfileVersion version, CancellationToken cancellation)
    {
        var active = await retry.RunAsync(token => _profiles.FindActiveAsync(version.Profile.Name, token), cancellation);
        if (active is null || active.Id == version.Id) return false;
        return (await new MissingVectors(database, store).QueueAsync(active, cancellation)).Count > 0;
    }

    /// <summary>Ends what submitters left behind that died, and what others took over; to be done every <see cref="BetweenHousekeepings"/>.</summary>
    public async Task KeepHouseAsync(CancellationToken cancellation)
    {
        await store.ReapAbandonedAsync(cancellation);
        await store.EndTakenOverAsync(cancellation);
    }
}
