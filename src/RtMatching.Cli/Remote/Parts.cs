using RtMatching.Core.Ingestion;

namespace RtMatching.Cli.Remote;

/// <summary>A file to be sent, or the word that it cannot be.</summary>
/// <param name="ExternalId">Null for a bulk file, whose rows have their own.</param>
/// <param name="Length">Zero is not even opened: pipes say it, and would be waited for.</param>
internal sealed record OutgoingFile(string Path, string? ExternalId, long Length, Rejection? Rejection);

/// <summary>Cuts the files of an ingestion into parts that are cheap to send again.</summary>
internal static class Parts
{
    private const int MaxFiles = 200;
    private const long MaxBytes = 32 * 1024 * 1024;

    private static readonly int MaxDocumentBytes = new IngestionOptions().MaxDocumentBytes;

    /// <param name="externalId">Of the only file, in place of its name.</param>
    public static IEnumerable<IReadOnlyList<OutgoingFile>> Of(IEnumerable<SourceFile> files, string? externalId)
    {
        var (part, bytes) = (new List<OutgoingFile>(), 0L);
        foreach (var file in files)
        {
            var (length, rejection) = SourceFiles.Measure(file, MaxDocumentBytes);
            if (part.Count > 0 && (part.Count == MaxFiles || bytes + length > MaxBytes))
            {
                yield return part;
                (part, bytes) = ([], 0);
            }

            part.Add(new OutgoingFile(file.Path, file.IsBulk ? null : externalId ?? file.Name, length, rejection));
            bytes += length;
        }

        if (part.Count > 0) yield return part;
    }
}
