using System.Security.Cryptography;

namespace RtMatching.Inference.Weights;

/// <summary>SHA-256 over the bytes of weight files, one after the other.</summary>
internal static class WeightsHash
{
    /// <summary>Bytes hashed at a time: large enough to run at the hash's own speed.</summary>
    private const int Chunk = 1 << 22;

    /// <returns>Lower-case hexadecimal. Of one file it is what <c>sha256sum</c> prints.</returns>
    public static string Compute(IEnumerable<MappedFile> filesInNameOrder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in filesInNameOrder)
        {
            using var bytes = file.Acquire();
            for (var offset = 0L; offset < file.Length; offset += Chunk)
                hash.AppendData(bytes.Slice(offset, (int)Math.Min(Chunk, file.Length - offset)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
