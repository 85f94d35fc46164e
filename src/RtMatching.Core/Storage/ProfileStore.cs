using RtMatching.Core.Profiles;

namespace RtMatching.Core.Storage;

/// <summary>Profiles, their versions, and each version's vector tables.</summary>
public sealed class ProfileStore(Database database)
{
    private Database Database { get; } = database;

    /// <summary>The version of <paramref name="name"/> that rankings use; null where none is stored.</summary>
    public Task<ProfileVersion?> FindActiveAsync(string name, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<ProfileVersion>> ListAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Stores <paramref name="profile"/> as a new version with its own vector tables, or gives the version that equals it.
    /// The first version, and one whose predecessor holds no vectors, becomes active at once.
    /// </summary>
    public Task<ProfileVersion> SaveAsync(TaskProfile profile, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Makes the version the one that rankings use, provided that every current document has a vector in it;
    /// returns how many still lack one (0: switched).
    /// </summary>
    public Task<long> ActivateAsync(long profileVersionId, CancellationToken cancellation = default) => throw new NotImplementedException();
}
