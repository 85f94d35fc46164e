using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace RtMatching.Core.Security;

/// <summary>A key to the server as it is stored: everything but the key.</summary>
/// <param name="Name">Who or what uses it.</param>
/// <param name="Prefix">The key's first characters.</param>
/// <param name="LastUsedAt">To the minute; null where it never was.</param>
public sealed record ApiKey(
    long Id, string Tenant, string Name, string Prefix, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt);

/// <summary>A key just made: the only time that <paramref name="Key"/> itself is seen.</summary>
public sealed record NewApiKey(string Key, ApiKey Stored);

/// <summary>The key's own text: <c>rtm_</c>, so that scanners find leaked ones, and 32 random bytes in base64url.</summary>
public static class ApiKeyText
{
    private const string Mark = "rtm_";
    private const int RandomBytes = 32;
    private const int Length = 4 + 43;
    private const int ShownLength = 4 + 6;

    internal static string Create() => Mark + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>Enough to recognise it; the 37 characters that are left out keep 222 bits secret.</summary>
    internal static string Shown(string key) => key[..ShownLength];

    /// <summary>Whether this could be a key at all: whatever else is sent costs no query.</summary>
    public static bool IsWellFormed(string text) =>
        text.Length == Length && text.StartsWith(Mark, StringComparison.Ordinal) && Base64Url.IsValid(text.AsSpan(Mark.Length));

    /// <summary>
    /// What is stored and looked up. One round of SHA-256 without salt is enough here: a slow, salted hash protects what people choose and
    /// others can guess, while 256 random bits can be neither guessed nor looked up in a table. A lookup by the hash also compares nothing
    /// whose timing would tell anything about the key.
    /// </summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
