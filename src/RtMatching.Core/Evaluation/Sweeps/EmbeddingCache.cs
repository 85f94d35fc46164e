using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Evaluation;

/// <summary>
/// Vectors of evaluations, kept by content in files of the user's data folder: one file for each model, settings and number of passes.
/// It holds no texts, only their hashes. The files that were used longest ago go when all of them grow over the limit.
/// </summary>
/// <param name="folder">Made where it is missing.</param>
/// <param name="limit">Bytes of all files, at most.</param>
/// <param name="say">Told once when nothing can be kept, and why.</param>
public sealed class EmbeddingCache(string folder, long limit = EmbeddingCache.DefaultLimit, Action<string>? say = null)
{
    public const long DefaultLimit = 2L << 30;

    internal const string Extension = ".vectors";

    /// <summary>Room is made for so much at once: looking at the folder for every text would take longer than writing it.</summary>
    private const long RoomStep = 64L << 20;

    private bool _told;

    /// <summary>Beside the private database's folder.</summary>
    public static string DefaultFolder => Path.Combine(Storage.LocalCluster.DataFolder(), "evaluation-cache");

    /// <summary>What is kept for these options, to read and, unless another process writes it, to add to.</summary>
    public CachedEmbeddings Open(LanguageModel model, EmbeddingOptions options)
    {
        var settings = Settings(model, options);
        var shape = new CachedShape(settings, options.Iterations, options.VectorDimension(model.Config));
        var name = $"{model.WeightsHash[..12]}-{Convert.ToHexStringLower(settings)[..24]}";
        var cached = new CachedEmbeddings(folder, name, shape, MakeRoom, Say);
        try
        {
            Directory.CreateDirectory(folder);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            cached.Attach();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Say(exception);
        }

        return cached;
    }

    private void Say(Exception exception)
    {
        if (!_told) say?.Invoke($"note: vectors are not kept for the next time: {exception.Message}");
        _told = true;
    }

    /// <summary>
    /// A hash of everything besides text and number of passes that decides a vector: weights, memory map, options, and the engine's own
    /// build, whose arithmetic may change.
    /// </summary>
    internal static byte[] Settings(LanguageModel model, EmbeddingOptions options)
    {
        // Not where a learned map lies, which may be fitted anew there, but what it is.
        var memory = options.Iterations > 1 ? options.Memory.Pinned(model) with { Map = null } : options.Memory;
        var same = options with { Iterations = 1, AllIterations = false, Stop = null, Memory = memory };
        var engine = $"{model.Decoder.GetType().FullName} {typeof(LanguageModel).Module.ModuleVersionId}";
        return SHA256.HashData(Encoding.UTF8.GetBytes($"{model.WeightsHash}\n{engine}\n{JsonSerializer.Serialize(same)}"));
    }

    /// <summary>Deletes the files used longest ago, but none in use, until some bytes more fit under the limit.</summary>
    /// <returns>How many bytes may be added now.</returns>
    private long MakeRoom()
    {
        var wanted = Math.Min(RoomStep, limit / 4);
        var files = new DirectoryInfo(folder).GetFiles("*" + Extension)
            .OrderBy(file => file.LastWriteTimeUtc).Select(file => (File: file, file.Length)).ToList();
        var used = files.Sum(file => file.Length);
        foreach (var (file, length) in files)
        {
            if (used + wanted <= limit) break;
            if (CachedEmbeddings.Delete(file)) used -= length;
        }

        return Math.Clamp(limit - used, 0, wanted);
    }
}
