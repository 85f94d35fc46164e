using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// A process's side of a cluster's ingestion: works on batches that dispatches send, several side by side, under the leases that they come
/// with. A batch beyond its capacity is not taken, so that memory does not grow with what others send.
/// </summary>
public sealed class IngestionStation : IAsyncDisposable
{
    private readonly IngestionOptions _options;
    private readonly Action<IngestionTrouble> _tell;
    private readonly WorkQueue _queue;
    private readonly ParseStage _parse;
    private readonly EmbedStages? _embed;
    private readonly Lazy<DocumentParser> _parser = new(() => new DocumentParser());
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Running> _running = [];
    private readonly Dictionary<ItemStage, StationRoom> _rooms;
    private readonly CancellationTokenSource _abort = new();
    private bool _drains;
    private long _items;

    /// <param name="engines">Null where it only parses.</param>
    /// <param name="tell">Told of what goes wrong here; the station itself goes on.</param>
    /// <param name="capacity">Batches at once, of each stage.</param>
    public IngestionStation(Database database, IngestionOptions options, Engines? engines, Action<IngestionTrouble> tell, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_options, _tell) = (options, tell);
        _rooms = new() { [ItemStage.Queued] = new(capacity, TimeProvider.System), [ItemStage.Parsed] = new(capacity, TimeProvider.System) };
        var retry = new DatabaseRetry(database, Timeout.InfiniteTimeSpan) { Waiting = e => tell(IngestionTrouble.Of(null, e, TimeSpan.Zero)) };
        _queue = new WorkQueue(retry, options);
        _parse = new ParseStage(retry, _queue, (bytes, token) => (Parse ?? _parser.Value.ParseAsync)(bytes, token), options);
        if (engines is not null) _embed = new EmbedStages(database, retry, _queue, options, engines);
    }

    /// <summary>Another parser than <see cref="DocumentParser"/>, for tests of what happens around it.</summary>
    internal Func<ReadOnlyMemory<byte>, CancellationToken, Task<ParsedDocument>>? Parse { get; init; }

    /// <summary>Batches that are worked on now.</summary>
    public int Batches
    {
        get { lock (_lock) return _running.Count; }
    }

    /// <summary>Items of batches that were worked on to their end.</summary>
    public long ItemsDone => Volatile.Read(ref _items);

    public bool IsDraining
    {
        get { lock (_lock) return _drains; }
    }

    /// <summary>Takes no more batches and finishes those it has; or takes them again.</summary>
    public void Drain(bool drains)
    {
        lock (_lock) _drains = drains;
    }

    /// <summary>Keeps the leases of what is worked on until <paramref name="stop"/>; runs as long as the station does, its last batches included.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _queue.RenewAsync(stop);
                GiveUpLost();
                await Task.Delay(_options.Lease / 10, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                _tell(IngestionTrouble.Of(null, e, _options.Lease / 10));
                await Task.Delay(_options.Lease / 10, CancellationToken.None);
            }
        }
    }

    /// <summary>What became another's, or was cancelled with its ingestion, is not worked on to its end.</summary>
    private void GiveUpLost()
    {
        List<Running> lost;
        lock (_lock) lost = [.. _running.Values.Where(running => running.Lease is { Held.Length: 0 })];
        foreach (var running in lost) running.Cancel();
    }

    /// <summary>
    /// Works on the batch to its end. The same batch again, while it is worked on, waits for the same end; after its end there is nothing left
    /// of it to do.
    /// </summary>
    /// <param name="abort">Of the call that the batch first came with: what is not done is handed back at once. Of a repeated one: its waiting ends.</param>
    public Task<BatchAnswer> WorkAsync(ItemBatch batch, CancellationToken abort = default)
    {
        if (batch.Stage is not (ItemStage.Queued or ItemStage.Parsed))
            throw new ArgumentException($"Nothing is done with items that are {Sql.Name(batch.Stage)}.", nameof(batch));
        Running running;
        lock (_lock)
        {
            if (_running.TryGetValue(batch.Token, out var same)) return same.Answer.Task.WaitAsync(abort);
            if (_drains || _abort.IsCancellationRequested) return Task.FromResult(new BatchAnswer(BatchEnd.Leaving));
            if (!_rooms[batch.Stage].TryTake(batch.IngestionId)) return Task.FromResult(BatchAnswer.Busy);
            _running[batch.Token] = running = new Running(CancellationTokenSource.CreateLinkedTokenSource(abort, _abort.Token));
        }

        _ = Task.Run(() => AnswerAsync(batch, running), CancellationToken.None);
        return running.Answer.Task;
    }

    private async Task AnswerAsync(ItemBatch batch, Running running)
    {
        var answer = new BatchAnswer(BatchEnd.Failed, "The work on the batch broke off.");
        try
        {
            answer = await WorkAsync(batch, running);
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(batch.Token);
                _rooms[batch.Stage].Leave();
            }

            running.Dispose();
            running.Answer.SetResult(answer);
        }
    }

    /// <summary>What it could not do is left to the token's owner, who hears why.</summary>
    private async Task<BatchAnswer> WorkAsync(ItemBatch batch, Running running)
    {
        try
        {
            if (await _queue.AdoptAsync(batch, running.Token) is not { } lease) return BatchAnswer.Worked;
            running.Lease = lease;
            await WorkAsync(batch, lease, running.Token);
            await lease.DisposeAsync();
            Interlocked.Add(ref _items, lease.Items.Count);
            return BatchAnswer.Worked;
        }
        catch (OperationCanceledException) when (running.Token.IsCancellationRequested)
        {
            if (running.Lease is not { } held) return new BatchAnswer(BatchEnd.Leaving);
            await held.DisposeAsync();
            return held.Held.Length == 0 ? BatchAnswer.Worked : new BatchAnswer(BatchEnd.Leaving);
        }
        catch (Exception e)
        {
            if (running.Lease is { } left) _queue.Leave(left);
            return Problem(batch.IngestionId, e);
        }
    }

    private async Task WorkAsync(ItemBatch batch, Lease lease, CancellationToken cancellation)
    {
        if (batch.Stage == ItemStage.Queued)
        {
            await _parse.RunAsync(lease, cancellation);
            return;
        }

        if (_embed is null) throw new InvalidOperationException("It has no engine.");
        var stage = await _embed.OpenAsync(batch.ProfileVersionId, cancellation);
        await stage.RunAsync(await stage.PrepareAsync(lease, cancellation), cancellation);
    }

    private BatchAnswer Problem(long ingestion, Exception e)
    {
        var trouble = IngestionTrouble.Of(ingestion, e, TimeSpan.Zero);

        // Of an item's own failure nothing is heard here: these come from the model, the profile or the programs that parsing needs.
        if (e is InvalidModelException or DocumentToolMissingException or ArgumentException or InvalidOperationException)
            return new BatchAnswer(BatchEnd.Refused, trouble.Message);
        if (e is not EngineFailedException) _tell(trouble);
        return new BatchAnswer(BatchEnd.Failed, trouble.Message);
    }

    /// <summary>Takes no more, finishes what it has within the time, and hands the rest back.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        Drain(true);
        var last = Task.WhenAll(Answers());
        await Task.WhenAny(last, Task.Delay(patience));
        await _abort.CancelAsync();
        await Task.WhenAll(Answers());
    }

    private List<Task<BatchAnswer>> Answers()
    {
        lock (_lock) return [.. _running.Values.Select(running => running.Answer.Task)];
    }

    /// <summary>Hands back what it has, and ends the parsers.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        if (_parser.IsValueCreated) await _parser.Value.DisposeAsync();
    }

    /// <summary>A batch that is worked on.</summary>
    private sealed class Running(CancellationTokenSource cancel) : IDisposable
    {
        private volatile Lease? _lease;

        public CancellationToken Token { get; } = cancel.Token;
        public TaskCompletionSource<BatchAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Null until it is adopted.</summary>
        public Lease? Lease
        {
            get => _lease;
            set => _lease = value;
        }

        public void Cancel()
        {
            try
            {
                cancel.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended.
            }
        }

        public void Dispose() => cancel.Dispose();
    }
}
