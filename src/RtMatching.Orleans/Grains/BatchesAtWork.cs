using System.Collections.Concurrent;
using RtMatching.Core.Ingestion;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Grains;

/// <summary>
/// The batches that this silo works on, by their tokens, so that a call need not last as long as its batch: it waits a while, and whoever
/// sent it asks again. What ended is remembered for a time, because an answer may be lost on its way.
/// </summary>
/// <remarks>Safe to use from many threads. Works on the pool's threads: a grain's turn must not wait for an engine.</remarks>
internal sealed class BatchesAtWork(Func<ItemBatch, Task<BatchAnswer>> work, TimeProvider time, TimeSpan? longestWait = null)
{
    internal static readonly TimeSpan Remembered = TimeSpan.FromMinutes(2);

    private readonly TimeSpan _longestWait = longestWait ?? TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<Guid, Lazy<Task<BatchAnswer>>> _batches = new();
    private readonly Queue<(Guid Token, long At)> _ended = new();

    public Task<BatchReply> WorkAsync(ItemBatch batch, CancellationToken cancellation)
    {
        Forget();
        var running = _batches.GetOrAdd(batch.Token, _ => new Lazy<Task<BatchAnswer>>(() => Task.Run(() => RunAsync(batch), CancellationToken.None)));
        return ReplyAsync(batch.Token, running.Value, cancellation);
    }

    public Task<BatchReply> AwaitAsync(Guid token, CancellationToken cancellation) => _batches.TryGetValue(token, out var running)
        ? ReplyAsync(token, running.Value, cancellation)
        : Task.FromResult(new BatchReply());

    private async Task<BatchAnswer> RunAsync(ItemBatch batch)
    {
        try
        {
            return await work(batch);
        }
        catch (Exception e)
        {
            return new BatchAnswer(BatchEnd.Failed, $"It failed with {e.GetType().Name}.");      // a message may quote a document
        }
        finally
        {
            lock (_ended) _ended.Enqueue((batch.Token, time.GetTimestamp()));
        }
    }

    private async Task<BatchReply> ReplyAsync(Guid token, Task<BatchAnswer> running, CancellationToken cancellation)
    {
        Task waiting = running.WaitAsync(_longestWait, time, cancellation);
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancellation.ThrowIfCancellationRequested();
        if (!running.IsCompleted) return new BatchReply { Kind = BatchReplyKind.Running };
        var answer = await running;

        // Not begun: the same token may be sent here again.
        if (answer.End is not (BatchEnd.Worked or BatchEnd.Failed)) _batches.TryRemove(token, out _);
        return BatchReply.Of(answer);
    }

    private void Forget()
    {
        lock (_ended)
            while (_ended.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > Remembered)
                _batches.TryRemove(_ended.Dequeue().Token, out _);
    }
}
