using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Batching;

/// <summary>An engine on a decoder without arithmetic that can be held up and broken; what it ran is kept, batch by batch.</summary>
internal sealed class EngineBench : IAsyncDisposable
{
    public const string Held = "held";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _open = new(true);
    private readonly ManualResetEventSlim _holding = new(false);

    public EngineBench(EngineSettings? settings = null, TimeProvider? time = null)
    {
        Decoder = new ScriptedDecoder { Prefilling = Ran };
        Engine = new Engine(new LanguageModel("scripted", "00", new ByteTokenizer(suffix: [0]), Decoder), settings, time);
    }

    public ScriptedDecoder Decoder { get; }
    public Engine Engine { get; }

    /// <summary>Called with the texts of each batch; may throw.</summary>
    public Action<IReadOnlyList<string>>? Running { get; set; }

    /// <summary>What was run, in order, but for the batch that held the engine up.</summary>
    public IReadOnlyList<string[]> Batches => [.. Decoder.Batches.Select(Texts).Where(texts => texts is not [Held])];

    public static EmbeddingOptions Plain { get; } = new();

    public async Task<float[]> EmbedAsync(
        string text, EnginePriority priority = EnginePriority.Background, EmbeddingOptions? options = null,
        CancellationToken cancellation = default) =>
        (await Engine.EmbedAsync([text], options ?? Plain, priority, cancellation))[0].Vector;

    /// <summary>The engine runs a background batch until <see cref="Release"/>.</summary>
    public async Task<Task> HoldAsync()
    {
        _open.Reset();
        var held = EmbedAsync(Held);
        await UntilAsync(() => _holding.IsSet);
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

    private void Ran(int number)
    {
        var texts = Texts(Decoder.Batches[^1]);
        if (texts is [Held])
        {
            _holding.Set();
            _open.Wait(Patience);
        }

        Running?.Invoke(texts);
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await Engine.DisposeAsync();
    }
}
