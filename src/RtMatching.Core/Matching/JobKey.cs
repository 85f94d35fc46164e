using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>
/// What names a job description or CV that is ranked for: a text by its hash or a stored document by its number, under one profile version.
/// As a string it is safe in logs and addresses: it holds nothing of the text.
/// </summary>
/// <param name="Wanted">What is ranked for it.</param>
/// <param name="TextHash">SHA-256 of the text in UTF-8, lower-case hexadecimal; null where the document is stored.</param>
public sealed record JobKey(string Tenant, long ProfileVersionId, DocumentKind Wanted, string? TextHash, long? DocumentId)
{
    private const string TextMark = "text-";
    private const string DocumentMark = "document-";

    /// <exception cref="ArgumentException">The request is not for exactly one of text and document.</exception>
    public static JobKey Of(long profileVersionId, DocumentKind wanted, RankingRequest request)
    {
        request.CheckSubject();
        return new JobKey(request.Tenant, profileVersionId, wanted, request.Text is { } text ? Hash(text) : null, request.DocumentId);
    }

    /// <exception cref="FormatException">Not what <see cref="ToString"/> gives.</exception>
    public static JobKey Parse(string key)
    {
        if (key.Split('/') is [var tenant, var version, "cv" or "job", var subject]
            && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var versionId)
            && Subject(subject) is var (hash, document))
        {
            var wanted = key.Split('/')[2] == DocumentKind.Cv.Name() ? DocumentKind.Cv : DocumentKind.Job;
            return new JobKey(Uri.UnescapeDataString(tenant), versionId, wanted, hash, document);
        }

        throw new FormatException("This is no key of a job: tenant/profile version/cv or job/text-HASH or document-NUMBER.");
    }

    /// <summary>For example <c>default/3/cv/document-17</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Uri.EscapeDataString(Tenant)}/{ProfileVersionId}/{Wanted.Name()}/{(TextHash is { } hash ? TextMark + hash : DocumentMark + DocumentId)}");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static (string? Hash, long? Document)? Subject(string subject)
    {
        if (subject.StartsWith(TextMark, StringComparison.Ordinal) && subject[TextMark.Length..] is { Length: 2 * SHA256.HashSizeInBytes } hash
            && hash.All(char.IsAsciiHexDigitLower)) return (hash, null);
        return subject.StartsWith(DocumentMark, StringComparison.Ordinal)
            && long.TryParse(subject[DocumentMark.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? (null, id) : null;
    }
}
