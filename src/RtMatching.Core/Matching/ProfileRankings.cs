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
        return _rankings.GetOrAdd(version.Id, _ => new Ranking(database, version, embed(version)));
    }
}
