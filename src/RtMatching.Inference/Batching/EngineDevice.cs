using System.Diagnostics;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Inference.Batching;

/// <summary>One of the devices that an engine's model stands on, which runs batch after batch of the engine's lines.</summary>
/// <remarks>
/// Where a batch fails and so does a text that nobody sent, the device itself has failed: nobody's text is blamed, what it had not finished
/// goes back into the lines, and it is tried until it works.
/// </remarks>
/// <param name="model">Not owned.</param>
/// <param name="changed">It failed, or works again. Called on the thread that runs it.</param>
internal sealed class EngineDevice(LanguageModel model, EngineSettings settings, TimeProvider time, Action changed)
{
    private const string Probe = "ready";

    private readonly TextEmbedder _interactive = new(model, settings.InteractiveBatchTokens, EnginePriority.Interactive);
    private readonly TextEmbedder _background = new(model, settings.BackgroundBatchTokens, EnginePriority.Background);
    private readonly List<EngineBatch> _unfinished = [];
    private Exception? _failure;
    private TimeSpan _pause;
    private long? _recovered;

    public string Name => model.Decoder.Device;

    /// <summary>Of this device's time. For the thread that runs it alone.</summary>
    public BackgroundShare Share { get; } = new(time);

    /// <summary>Tokens in a batch, at most, as it is now.</summary>
    public int BatchTokens(EnginePriority priority) => Embedder(priority).BatchTokens;

    /// <summary>What a sequence takes of them.</summary>
    public int Cost(TextSequence sequence) => _interactive.Cost(sequence);

    /// <summary>Until the engine stops and nobody is left.</summary>
    /// <param name="stopping">The engine stops: a device that is out is not waited for.</param>
    public void Run(EngineLines lines, CancellationToken stopping)
    {
        while (lines.Next(this) is { } batch)
        {
            var began = time.GetTimestamp();
            Run(batch);
            if (batch.Priority == EnginePriority.Background) Share.Took(began);
            lines.Ran(batch);
            if (_failure is null || Recover(_failure, lines, stopping)) continue;
            lines.WaitForLast();
            return;
        }
    }

    private TextEmbedder Embedder(EnginePriority priority) => priority == EnginePriority.Interactive ? _interactive : _background;

    private void Run(EngineBatch batch)
    {
        try
        {
            batch.Deliver(Forward(batch));
        }
        catch (Exception) when (batch.Requests.Count > 1)
        {
            // A text that fails fails for whoever sent it, and for nobody else.
            foreach (var alone in batch.Split())
            {
                if (_failure is null) Run(alone);
                else _unfinished.Add(alone);
            }
        }
        catch (Exception exception)
        {
            Judge(batch, exception);
        }
    }

    private IReadOnlyList<RefinedPass>[][] Forward(EngineBatch batch)
    {
        using var span = Trace(batch.Requests);

        // One alone is stopped when it is given up; of several, the others still want theirs.
        var cancellation = batch.Requests is [{ } only] ? only.Cancellation : CancellationToken.None;
        return Embedder(batch.Priority).RunBatch(batch.Rows, cancellation);
    }

    /// <summary>Whether the request's texts are to blame, or the device.</summary>
    private void Judge(EngineBatch alone, Exception exception)
    {
        var request = alone.Requests[0];
        if (request.Cancellation.IsCancellationRequested)
        {
            request.GiveUp();
            return;
        }

        _failure = Try();
        if (_failure is null) request.Fail(exception);
        else _unfinished.Add(alone);
    }

    /// <summary>What a text that nobody sent fails with; null where it does not.</summary>
    private Exception? Try()
    {
        Activity.Current = null;
        try
        {
            _interactive.Embed([Probe], new EmbeddingOptions());
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>
    /// Tries until it works. One that failed again soon after it worked is tried as seldom as before: something that is sent again and again
    /// may be what breaks it.
    /// </summary>
    /// <returns>False where the engine stops meanwhile.</returns>
    private bool Recover(Exception failure, EngineLines lines, CancellationToken stopping)
    {
        lines.Leave(this, failure, _unfinished);
        _unfinished.Clear();
        EngineSignals.CountFailure(model);
        changed();
        if (_recovered is not { } since || time.GetElapsedTime(since) > settings.LongestPause) _pause = settings.FirstPause;
        do
        {
            if (!Wait(_pause, stopping)) return false;
            _pause = TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, settings.LongestPause.Ticks));
        }
        while (Try() is not null);
        (_failure, _recovered) = (null, time.GetTimestamp());
        lines.Return(this);
        changed();
        return true;
    }

    /// <returns>False where the engine is stopped meanwhile.</returns>
    private bool Wait(TimeSpan pause, CancellationToken stopping)
    {
        try
        {
            Task.Delay(pause, time, stopping).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// The engine's spans belong to the request they are for; where several share a batch, to a trace of its own that is linked to theirs.
    /// </summary>
    private static Activity? Trace(IReadOnlyList<EngineRequest> requests)
    {
        Activity.Current = requests is [{ Sender: { IsStopped: false } sender }] ? sender : null;
        if (requests.Count == 1 || !Signals.Source.HasListeners()) return null;
        var links = requests.Select(request => request.Sender).OfType<Activity>().Select(sender => new ActivityLink(sender.Context));
        return Signals.Source.StartActivity(
            "embed batch", ActivityKind.Internal, default(ActivityContext), [new("rtmatch.batch.requests", requests.Count)], links);
    }
}
