using RtMatching.Inference.Pooling;

namespace RtMatching.Inference.Batching;

/// <summary>Requests of one priority that wait for the engine. Not safe for several threads at once, but for its room.</summary>
/// <param name="costOf">What a sequence takes of a batch's budget.</param>
internal sealed class EngineLine(EnginePriority priority, LineRoom room, Func<TextSequence, int> costOf)
{
    // Texts of an interactive batch that requests share: more brings little speed, only a longer wait for the first of them.
    private const int MostShared = 32;

    private readonly LinkedList<EngineRequest> _waiting = new();

    public EnginePriority Priority => priority;
    public LineRoom Room => room;
    public int Count => _waiting.Count;
    public bool IsEmpty => Count == 0;

    /// <summary>Of all that waits.</summary>
    public long Tokens => _waiting.Sum(request => request.LeftTokens);

    public void Add(EngineRequest request) => _waiting.AddLast(request);

    public void Remove(EngineRequest request) => _waiting.Remove(request);

    /// <summary>What of the batch was not run waits again, before everybody else.</summary>
    public void PutBack(EngineBatch batch)
    {
        batch.PutBack();
        foreach (var request in batch.Requests.Reverse())
            if (!_waiting.Contains(request)) _waiting.AddFirst(request);
    }

    public IReadOnlyList<EngineRequest> TakeAll()
    {
        EngineRequest[] all = [.. _waiting];
        _waiting.Clear();
        return all;
    }

    /// <summary>
    /// The next batch: of the first that waits, filled up from others, wherever they stand, that may share it. Null where nothing waits.
    /// </summary>
    /// <param name="budget">Of the device that is to run it.</param>
    public EngineBatch? Gather(int budget)
    {
        var batch = new EngineBatch(priority);
        for (var node = _waiting.First; node is not null;)
        {
            var (at, request) = (node, node.Value);
            node = node.Next;
            if (request.Result.IsCompleted) _waiting.Remove(at);        // given up, or it failed
            else if (batch.Count == 0 || Shares(batch, request)) Take(batch, at, budget);
        }

        return batch.Count > 0 ? batch : null;
    }

    private bool Shares(EngineBatch batch, EngineRequest request) =>
        !batch.IsSuspect && request.Failures == 0 && (priority == EnginePriority.Background || batch.Count + request.Left <= MostShared);

    private void Take(EngineBatch batch, LinkedListNode<EngineRequest> node, int budget)
    {
        var isFirst = batch.Count == 0;
        batch.Fill(node.Value, budget, costOf);
        if (node.Value.Left > 0 && !(isFirst && priority == EnginePriority.Interactive)) return;
        _waiting.Remove(node);

        // A large request that somebody waits for does not hold up the small ones behind it; background work gets done one by one.
        if (node.Value.Left > 0) _waiting.AddLast(node);
    }
}
