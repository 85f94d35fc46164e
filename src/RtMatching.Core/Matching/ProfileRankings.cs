using System.Collections.Concurrent;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>A ranking for each profile version, kept because it remembers term statistics.</summary>
/// <param name="embed">With the model and settings of a profile version.</param>
public sealed class ProfileRankings(Database database, Func<ProfileVersion, EmbedTexts> embed)
{
    private readonly ProfileStore _profiles = new(database);
    private readonly ConcurrentDictionary<long, Ranking> _rankings = new();

    /// <summary>That of the version which is active now: another process may have switched.</summary>
    /// <exception cref="KeyNotFoundException">No such profile is stored.</exception>
    public async Task<Ranking> ActiveAsync(string profile, CancellationToken cancellation)
    {
        var version = await _profiles.FindActiveAsync(profile, cancellation) ?? throw new KeyNotFoundException(
            $"No profile '{profile}' is stored: ingest something with it first, or see GET /v1/profiles for those there are.");
        return Of(version);
    }

    /// <summary>That of a version, active or not: what is written down with a version is ranked with it.</summary>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    public async Task<Ranking> OfAsync(long profileVersionId, CancellationToken cancellation)
    {
        if (_rankings.TryGetValue(profileVersionId, out var known)) return known;
        var version = (await _profiles.ListAsync(cancellation)).SingleOrDefault(found => found.Id == profileVersionId);
        return Of(version ?? throw new KeyNotFoundException($"There is no profile version {profileVersionId}."));
    }

    private Ranking Of(ProfileVersion version) => _rankings.GetOrAdd(version.Id, _ => new Ranking(database, version, embed(version)));
}
