using System.Collections.Concurrent;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Orleans.Embedding;

/// <summary>Profile versions by their ids, which name one thing for ever: read once.</summary>
internal sealed class ProfileVersions(Database database)
{
    private readonly ProfileStore _profiles = new(database);
    private readonly ConcurrentDictionary<long, ProfileVersion> _known = new();

    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    public async Task<ProfileVersion> FindAsync(long id, CancellationToken cancellation)
    {
        if (_known.TryGetValue(id, out var known)) return known;
        foreach (var version in await _profiles.ListAsync(cancellation)) _known[version.Id] = version;
        return _known.TryGetValue(id, out var found) ? found : throw new KeyNotFoundException($"There is no profile version {id}.");
    }
}
