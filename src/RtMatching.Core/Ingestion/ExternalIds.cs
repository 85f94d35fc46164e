using System.Security.Cryptography;
using System.Text;

namespace RtMatching.Core.Ingestion;

/// <summary>Names that documents and items are stored under.</summary>
internal static class ExternalIds
{
    // Kept well under what a PostgreSQL index row takes (2,704 bytes) with tenant and source beside it.
    public const int MaxBytes = 2000;

    /// <summary>Why an id cannot be stored; null where it can.</summary>
    public static string? Problem(string id)
    {
        if (string.IsNullOrWhiteSpace(id)) return "The id is empty.";
        if (id.Any(char.IsControl) || HasLoneSurrogate(id)) return "The id has control characters or broken Unicode.";
        return Encoding.UTF8.GetByteCount(id) > MaxBytes ? $"The id is longer than {MaxBytes} bytes." : null;
    }

    /// <summary>PostgreSQL takes only well-formed UTF-8.</summary>
    public static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            i++;
        }

        return false;
    }

    /// <summary>A name too long to be stored, cut and made unique by its hash; any other as it is.</summary>
    public static string Shortened(string name) => Encoding.UTF8.GetByteCount(name) <= MaxBytes
        ? name
        : string.Concat(name.AsSpan(0, 400), "...", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)));

    /// <summary>Whatever somebody called a thing, so that it can be stored and shown as the name of a rejected item.</summary>
    public static string Showable(string name)
    {
        var clean = string.Concat(name.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return Shortened(clean.Trim() is { Length: > 0 } given ? given : "(no name)");
    }
}
