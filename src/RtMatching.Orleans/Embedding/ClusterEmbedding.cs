using System.Diagnostics;
using Orleans;
using Orleans.Runtime;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Pooling;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Telemetry;

namespace RtMatching.Orleans.Embedding;

/// <summary>Texts to vectors by whichever engine of the cluster is ready. One that fails, leaves or dies under it is replaced by another.</summary>
/// <remarks>Safe to use from many threads.</remarks>
public sealed class ClusterEmbedding
{
    // Calls of one request under way at once.
    private const int Parallel = 4;

    // An engine that fails or is just being loaded, or a silo that is just being replaced.
    private static readonly TimeSpan PatienceForEngines = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly IGrainFactory _grains;
    private readonly EngineChoice _engines;

    internal ClusterEmbedding(IGrainFactory grains, EngineChoice engines) => (_grains, _engines) = (grains, engines);

    /// <summary>As a profile version does.</summary>
    /// <param name="background">Nobody waits for it.</param>
    /// <exception cref="EngineFailedException">From what it gives: no engine is ready.</exception>
    public EmbedTexts For(ProfileVersion version, bool background = false) => async (texts, kind, cancellation) =>
    {
        var vectors = await InChunksAsync([.. texts], CallLimits.Texts, (chunk, token) => AnyAsync<float[]>(version.Id, async engine =>
        {
            var order = new ProfileTexts { ProfileVersionId = version.Id, Kind = kind.ToString().ToLowerInvariant(), Texts = chunk, Background = background };
            var reply = await engine.EmbedForProfileAsync(order, token);
            return (reply.Vectors?.Read(chunk.Length), reply.Fault);
        }, token), cancellation);
        return vectors;
    };

    /// <param name="model">As the catalogue of a silo lists it; null is the built-in model.</param>
    /// <exception cref="KeyNotFoundException">No silo with an engine has such a model.</exception>
    /// <exception cref="ArgumentException">Options that the model cannot honour.</exception>
    /// <exception cref="EngineFailedException">No engine is ready.</exception>
    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation)
    {
        var passes = options.AllIterations ? Math.Max(1, options.Iterations) : 1;
        var numbers = passes * (options.KeepAttention ? LongestText : 0) + passes * (options.Dimension ?? WidestVector);
        var most = Math.Clamp(CallLimits.Numbers / numbers, 1, CallLimits.Texts);
        var embedding = Json.Of(options);
        return await InChunksAsync([.. texts], most, (chunk, token) => AnyAsync<TextEmbedding>(null, async engine =>
        {
            var reply = await engine.EmbedAsync(new ModelTexts { Model = model, Texts = chunk, Options = embedding }, token);
            return (reply.Embeddings?.Read<TextEmbedding[]>(), reply.Fault);
        }, token), cancellation);
    }

    // Of any model that we know; they only bound what an answer may weigh.
    private const int WidestVector = 8192;
    private const int LongestText = 32768;

    private static async Task<IReadOnlyList<T>> InChunksAsync<T>(
        string[] texts, int most, Func<string[], CancellationToken, Task<IReadOnlyList<T>>> embed, CancellationToken cancellation)
    {
        var chunks = TextChunks.Of(texts, most).ToArray();
        var answers = new IReadOnlyList<T>[chunks.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation };
        await System.Threading.Tasks.Parallel.ForAsync(0, chunks.Length, parallel, async (i, token) =>
            answers[i] = await embed([.. chunks[i]], token));
        return [.. answers.SelectMany(answer => answer)];
    }

    /// <summary>One engine after another until one answers, and round again while there is hope.</summary>
    private async Task<IReadOnlyList<T>> AnyAsync<T>(
        long? profileVersionId, Func<IEmbeddingGrain, Task<(IReadOnlyList<T>? Answer, Fault? Fault)>> ask, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var tried = new HashSet<string>();
        Exception? last = null;
        var patience = PatienceForEngines;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_engines.Next(tried, profileVersionId) is not { } silo)
            {
                if (Stopwatch.GetElapsedTime(began) >= patience) throw Give(last, profileVersionId);
                await Task.Delay(Pause, cancellation);
                tried.Clear();
                continue;
            }

            tried.Add(silo.Name);
            (var answer, last, patience) = await AskAsync(silo.Name, ask, cancellation);
            if (answer is not null) return answer;
            ClusterSignals.CountEngineRetry(silo.Name);
        }
    }

    /// <returns>The answer; or why there is none, and how long it is worth while to ask others and it again.</returns>
    private async Task<(IReadOnlyList<T>? Answer, Exception? Failure, TimeSpan Patience)> AskAsync<T>(
        string silo, Func<IEmbeddingGrain, Task<(IReadOnlyList<T>? Answer, Fault? Fault)>> ask, CancellationToken cancellation)
    {
        try
        {
            var (answer, fault) = await ask(_grains.GetGrain<IEmbeddingGrain>(silo));
            return fault?.Kind switch
            {
                null => (answer ?? throw new InvalidDataException($"Silo {silo} answered without vectors."), null, TimeSpan.Zero),
                FaultKind.Engine => (null, fault.ToException(), PatienceForEngines),
                FaultKind.Refused or FaultKind.Missing or FaultKind.Model => (null, fault.ToException(), TimeSpan.Zero),
                _ => throw fault.ToException(),
            };
        }
        catch (Exception e) when (Losses.IsLoss(e, cancellation))
        {
            return (null, e, Retry.Patience);
        }
    }

    /// <summary>What the last engine said, where it has no such model; else why no engine can.</summary>
    private Exception Give(Exception? last, long? profileVersionId) => last is KeyNotFoundException
        ? last
        : new EngineFailedException(_engines.WhyNone(profileVersionId), last);
}
