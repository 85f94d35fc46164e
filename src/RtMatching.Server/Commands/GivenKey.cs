using RtMatching.Core.Security;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Commands;

/// <summary>
/// The API key that a deployment chose itself, so that whoever brings processes up together (Aspire, compose, Kubernetes) can give the same
/// secret to those that ask and those that answer. Made known where the database does not know it; revoked, it stays revoked.
/// </summary>
internal static class GivenKey
{
    public const string Variable = "RTMATCH_API_KEY";

    private const string Name = "deployment";

    /// <exception cref="UsageException">What the variable holds is no key; the message does not show it.</exception>
    public static async Task AdoptAsync(Database database, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } key) return;
        if (!ApiKeyText.IsWellFormed(key))
            throw new UsageException(
                $"{Variable} holds no API key: it is rtm_ and 43 letters, digits, - and _ that nobody can guess (32 random bytes in base64url)");
        await new ApiKeyStore(database).AdoptAsync(key, Name, cancellation: cancellation);
    }
}
