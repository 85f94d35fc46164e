using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using RtMatching.Core.Security;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Security;

/// <summary>Looks keys up, and remembers those that exist for a few seconds, so that not every request asks the database.</summary>
internal sealed class KnownKeys(ApiKeyStore store, TimeProvider time) : IDisposable
{
    /// <summary>So long does a revoked key still open a server that has just seen it.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    /// <summary>Lookups of one address: far more than clients with real keys need, far too few to load the database by guessing.</summary>
    private static readonly TokenBucketRateLimiterOptions Lookups = new()
    {
        TokenLimit = 200, TokensPerPeriod = 50, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0,
    };

    // Only keys that exist are remembered: what strangers send cannot fill it.
    private readonly ConcurrentDictionary<string, (ApiKey Key, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);
    private readonly PartitionedRateLimiter<string> _lookups =
        PartitionedRateLimiter.Create<string, string>(address => RateLimitPartition.GetTokenBucketLimiter(address, _ => Lookups));

    /// <param name="address">Where the request comes from.</param>
    /// <returns>The key, which may be revoked; null where there is none.</returns>
    /// <exception cref="ProblemException">Too many lookups from there.</exception>
    public async Task<ApiKey?> FindAsync(string text, string address, CancellationToken cancellation)
    {
        if (!ApiKeyText.IsWellFormed(text)) return null;
        var hash = ApiKeyText.Hash(text);
        var name = Convert.ToHexStringLower(hash);
        if (_known.TryGetValue(name, out var known) && time.GetUtcNow() < known.Until) return known.Key;

        using var lease = _lookups.AttemptAcquire(address);
        if (!lease.IsAcquired)
            throw new ProblemException(429, "Too many keys.", "Too many keys were tried from this address; wait as long as Retry-After says.") { RetryAfter = Lookups.ReplenishmentPeriod };
        var found = await store.UseAsync(hash, cancellation);
        if (found is not null) _known[name] = (found, time.GetUtcNow() + Memory);
        return found;
    }

    public void Dispose() => _lookups.Dispose();
}
