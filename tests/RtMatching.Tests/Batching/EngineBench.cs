using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Batching;

/// <summary>An engine on decoders without arithmetic, one a device, that can be held up and broken; what they ran is kept, batch by batch.</summary>
internal sealed class EngineBench : IAsyncDisposable
{
    public const string Held = "held";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _open = new(true);
    private volatile int _holding;

    /// <param name="batchTokens">Of every device; null where the model's size decides.</param>
    public EngineBench(EngineSettings? settings = null, TimeProvider? time = null, int devices = 1, int? batchTokens = null)
    {
        Decoders = [.. Enumerable.Range(0, devices).Select(device => new ScriptedDecoder
        {
            Device = $"gpu:{device}", BatchTokens = batchTokens, Prefilling = _ => Ran(device),
        })];
        LanguageModel[] models = [.. Decoders.Select(decoder => new LanguageModel("scripted", "00", new ByteTokenizer(suffix: [0]), decoder))];
        models[0].Replicas = models[1..];
        Engine = new Engine(models[0], settings, time);
    }

    /// <summary>By device.</summary>
    public IReadOnlyList<ScriptedDecoder> Decoders { get; }
    public ScriptedDecoder Decoder => Decoders[0];
    public Engine Engine { get; }

    /// <summary>Called with the texts of each batch; may throw.</summary>
    public Action<IReadOnlyList<string>>? Running { get; set; }

    /// <summary>As <see cref="Running"/>, with the device too.</summary>
    public Action<int, IReadOnlyList<string>>? RunningOn { get; set; }

    /// <summary>What was run, in order, but for the batch that held the engine up.</summary>
    public IReadOnlyList<string[]> Batches => [.. Decoder.Batches.Select(Texts).Where(texts => texts is not [Held])];

    public static EmbeddingOptions Plain { get; } = new();

    public async Task<float[]> EmbedAsync(
        string text, EnginePriority priority = EnginePriority.Background, EmbeddingOptions? options = null,
        CancellationToken cancellation = default) =>
        (await Engine.EmbedAsync([text], options ?? Plain, priority, cancellation))[0].Vector;

    /// <summary>One of its devices, which was free, runs a background batch until <see cref="Release"/>.</summary>
    public async Task<Task> HoldAsync()
    {
        _open.Reset();
        var before = _holding;
        var held = EmbedAsync(Held);
        await UntilAsync(() => _holding > before);
        return held;
    }

    public void Release() => _open.Set();

    /// <summary>Sends it and waits until it stands in line, which nothing leaves meanwhile.</summary>
    public async Task<Task<float[]>> StandAsync(
        string text, EnginePriority priority = EnginePriority.Background, EmbeddingOptions? options = null,
        CancellationToken cancellation = default)
    {
        var before = Engine.Waiting;
        var sent = EmbedAsync(text, priority, options, cancellation);
        await UntilAsync(() => Engine.Waiting > before);
        return sent;
    }

    public static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds()) await Task.Delay(1, patience.Token);
    }

    private static string[] Texts(int[][] batch) => [.. batch.Select(ids => new ByteTokenizer().Decode(ids.AsSpan(0, ids.Length - 1)))];

    private void Ran(int device)
    {
        var texts = Texts(Decoders[device].Batches[^1]);
        if (texts is [Held])
        {
            Interlocked.Increment(ref _holding);
            _open.Wait(Patience);
        }

        Running?.Invoke(texts);
        RunningOn?.Invoke(device, texts);
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await Engine.DisposeAsync();
    }
}
