using RtMatching.Core.Ingestion;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Grains;
using RtMatching.Orleans.Tests.Silos;

namespace RtMatching.Orleans.Tests.Grains;

public class BatchesAtWorkTests
{
    private readonly TaskCompletionSource<BatchAnswer> _work = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualTime _time = new();
    private readonly BatchesAtWork _batches;
    private int _begun;

    public BatchesAtWorkTests() => _batches = Batches(TimeSpan.FromSeconds(30));

    private BatchesAtWork Batches(TimeSpan longestWait) => new(_ =>
    {
        Interlocked.Increment(ref _begun);
        return _work.Task;
    }, _time, longestWait);

    private static ItemBatch Batch(Guid? token = null) => new(token ?? Guid.NewGuid(), 1, 2, ItemStage.Parsed, [3, 4]);

    [Fact]
    public async Task A_batch_that_takes_long_is_asked_for_again()
    {
        var batches = Batches(TimeSpan.FromMilliseconds(20));
        var batch = Batch();
        Assert.Equal(BatchReplyKind.Running, (await batches.WorkAsync(batch, default)).Kind);
        Assert.Equal(BatchReplyKind.Running, (await batches.AwaitAsync(batch.Token, default)).Kind);
        _work.SetResult(BatchAnswer.Worked);
        BatchReply reply;
        while ((reply = await batches.AwaitAsync(batch.Token, default)).Kind == BatchReplyKind.Running) await Task.Delay(1);
        Assert.Equal(BatchReplyKind.Worked, reply.Kind);

        // The answer may have been lost on its way.
        Assert.Equal(BatchReplyKind.Worked, (await batches.AwaitAsync(batch.Token, default)).Kind);
        Assert.Equal(1, _begun);
    }

    [Fact]
    public async Task Sent_twice_it_is_worked_on_once()
    {
        var batch = Batch();
        var replies = Enumerable.Range(0, 8).Select(_ => _batches.WorkAsync(batch, default)).ToList();
        _work.SetResult(BatchAnswer.Worked);
        foreach (var reply in replies) Assert.Equal(BatchReplyKind.Worked, (await reply).Kind);
        Assert.Equal(1, _begun);
    }

    [Theory]
    [InlineData(BatchEnd.Busy)]
    [InlineData(BatchEnd.Refused)]
    [InlineData(BatchEnd.Leaving)]
    public async Task What_was_not_begun_may_be_sent_again(BatchEnd end)
    {
        _work.SetResult(new BatchAnswer(end, "why"));
        var batch = Batch();
        for (var time = 1; time <= 2; time++)
        {
            var reply = await _batches.WorkAsync(batch, default);
            Assert.Equal((end, "why", time), (reply.ToAnswer()!.End, reply.Reason, _begun));
        }
    }

    [Fact]
    public async Task Nobody_knows_a_batch_of_another_life_or_of_long_ago()
    {
        Assert.Equal(BatchReplyKind.Unknown, (await _batches.AwaitAsync(Guid.NewGuid(), default)).Kind);
        var batch = Batch();
        _work.SetResult(BatchAnswer.Worked);
        await _batches.WorkAsync(batch, default);
        _time.Advance(BatchesAtWork.Remembered * 2);
        await _batches.WorkAsync(Batch(), default);
        Assert.Equal(BatchReplyKind.Unknown, (await _batches.AwaitAsync(batch.Token, default)).Kind);
    }

    [Fact]
    public async Task Work_that_breaks_off_is_told_without_its_message()
    {
        _work.SetException(new FormatException("text of a CV"));
        var reply = await _batches.WorkAsync(Batch(), default);
        Assert.Equal(BatchReplyKind.Failed, reply.Kind);
        Assert.Equal("It failed with FormatException.", reply.Reason);
    }
}
