using System.Collections.Concurrent;
using System.Text.Json;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;

namespace RtMatching.Tests.Matching;

/// <summary>Bulk rankings over workers that stand in this process, die, and come back.</summary>
public sealed class BulkRankingDispatchTests : IAsyncLifetime
{
    private const int Jobs = 60;
    private static readonly RankingRequest Settings = new() { Top = 2 };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly BulkRankingOptions Hasty = new()
    {
        Lease = TimeSpan.FromMilliseconds(500), Backoff = TimeSpan.FromMilliseconds(1), Poll = TimeSpan.FromMilliseconds(20), MaxAttempts = 3, InFlight = 8,
    };

    private Corpus _corpus = null!;
    private BulkRankingStore _store = null!;

    public async Task InitializeAsync()
    {
        _corpus = await Corpus.CreateAsync();
        _store = new BulkRankingStore(_corpus.Database);
        foreach (var text in (string[])["a nurse on a ward", "a cook in a kitchen", "a developer of web services"]) await _corpus.AddAsync(text, text);
        for (var i = 0; i < 5; i++) await _corpus.AddAsync($"stored-{i}", $"wanted: a cook or nurse, number {i}", DocumentKind.Job);
    }

    public Task DisposeAsync() => _corpus.DisposeAsync().AsTask();

    [Fact]
    public async Task Every_line_is_as_one_process_would_have_stored_it_and_no_more_than_allowed_are_in_flight()
    {
        var rankers = Rankers();
        foreach (var submit in new Func<Task<long>>[] { () => _store.SubmitAsync(_corpus.Profile, Settings, Lines()), () => _store.SubmitStoredAsync(_corpus.Profile, Settings) })
        {
            var (here, there) = (await submit(), await submit());
            Assert.Equal([here, there], await new OpenBulkRankings(_corpus.Database).FindAsync());
            Assert.True(await Dispatch(there, rankers).RunAsync(default).WaitAsync(Patience));
            await LoopAsync(here);
            Assert.Equal(await LinesAsync(here), await LinesAsync(there));
            Assert.Equal(BulkRankingState.Done, (await _store.FindAsync("default", there))!.State);
            Assert.Empty(await new OpenBulkRankings(_corpus.Database).FindAsync());
        }

        Assert.InRange(rankers.MostAtOnce, 2, Hasty.InFlight);
        Assert.Equal(Jobs + 5, rankers.Tickets.Count);
    }

    [Fact]
    public async Task A_job_whose_worker_is_lost_goes_to_another_and_the_late_line_of_the_first_is_not_stored()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var (late, rankers) = (new ConcurrentBag<LeasedJobTicket>(), Rankers());
        rankers.Before = (ticket, _) =>
        {
            if (ticket.Position % 7 != 3 || late.Any(lost => lost.Position == ticket.Position)) return Task.FromResult(false);
            late.Add(ticket);
            throw new JobRankerLostException("silo gone");
        };
        Assert.True(await Dispatch(id, rankers).RunAsync(default).WaitAsync(Patience));
        Assert.Equal(Jobs / 7 + 1, late.Count);
        await AssertAsLocalAsync(id);

        var lines = await LinesAsync(id);
        foreach (var ticket in late) Assert.Equal(JobTicketEnd.Ended, await Rankers().RankAsync(ticket, default));
        Assert.Equal(lines, await LinesAsync(id));
        Assert.Equal(Jobs / 7 + 1, await CountAsync("attempts = 2"));
    }

    [Fact]
    public async Task A_job_whose_workers_all_are_lost_ends_with_its_problem()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var (tries, rankers) = (0, Rankers());
        rankers.Before = (ticket, _) => ticket.Position == 5 && Interlocked.Increment(ref tries) > 0 ? throw new JobRankerLostException("silo gone") : Task.FromResult(false);
        Assert.True(await Dispatch(id, rankers).RunAsync(default).WaitAsync(Patience));
        var summary = (await _store.FindAsync("default", id))!;
        Assert.Equal((Jobs - 1L, 1L, Hasty.MaxAttempts), (summary.Ranked, summary.Failed, tries));
        Assert.Contains("stopped without a word", (await LinesAsync(id))[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dispatch_that_dies_leaves_all_to_the_next_one()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());

        // What a killed process leaves: leases that nobody renews or hands back, in its middle.
        var dead = new BulkRankingQueue(new DatabaseRetry(_corpus.Database, Patience), Hasty);
        using (var abort = new CancellationTokenSource())
        {
            var rankers = Rankers();
            rankers.Before = async (ticket, token) =>
            {
                if (rankers.Tickets.Count < 20) return false;
                await abort.CancelAsync();
                token.ThrowIfCancellationRequested();
                return true;
            };
            Assert.False(await Dispatch(id, rankers).RunAsync(default, abort.Token).WaitAsync(Patience));
            Assert.Equal(0, await CountAsync("lease_token is not null or (attempts > 0 and ended_at is null)"));     // handed back, and not counted
        }

        Assert.NotNull(await dead.ClaimAsync(id, 10, default));
        Assert.True(await Dispatch(id, Rankers()).RunAsync(default).WaitAsync(Patience));
        await AssertAsLocalAsync(id);
        Assert.Equal(10, await CountAsync("attempts = 2"));
    }

    [Fact]
    public async Task Stopped_it_leases_nothing_more_and_finishes_what_is_being_ranked()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        using var stop = new CancellationTokenSource();
        var rankers = Rankers();
        rankers.Before = async (_, _) =>
        {
            await stop.CancelAsync();
            await Task.Delay(10);
            return false;
        };
        Assert.False(await Dispatch(id, rankers).RunAsync(stop.Token).WaitAsync(Patience));
        var summary = (await _store.FindAsync("default", id))!;
        Assert.InRange(summary.Ranked, 1, Hasty.InFlight);
        Assert.Equal(rankers.Tickets.Count, summary.Ranked);
        Assert.Equal(0, await CountAsync("lease_token is not null"));
    }

    [Fact]
    public async Task Two_dispatches_at_once_share_the_jobs()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var rankers = Rankers();
        rankers.Before = async (_, token) =>
        {
            await Task.Delay(2, token);
            return false;
        };
        var runs = Enumerable.Range(0, 2).Select(_ => Dispatch(id, rankers).RunAsync(default)).ToList();
        Assert.All(await Task.WhenAll(runs).WaitAsync(Patience), Assert.True);
        Assert.Equal(Jobs, rankers.Tickets.Select(ticket => ticket.Position).Distinct().Count());
        Assert.Equal(Jobs, rankers.Tickets.Count);
        await AssertAsLocalAsync(id);
    }

    [Fact]
    public async Task Work_waits_for_workers_and_its_leases_are_renewed_meanwhile()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var rankers = Rankers();
        var gone = DateTime.UtcNow + 2 * Hasty.Lease;
        rankers.Before = (_, _) => Task.FromResult(DateTime.UtcNow < gone);
        Assert.True(await Dispatch(id, rankers).RunAsync(default).WaitAsync(Patience));
        await AssertAsLocalAsync(id);
        Assert.Equal(Jobs, await CountAsync("attempts = 1"));
    }

    [Fact]
    public async Task An_engine_that_fails_is_no_fault_of_the_job_and_a_text_that_fails_is_told_in_its_line()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, new[] { new BulkJob("1", "a nurse", null), new BulkJob("2", "poison", null) }.ToAsyncEnumerable());
        await _corpus.ExecuteAsync($"insert into bulk_ranking_jobs (bulk_ranking_id, position, name, document_id) values ({id}, 3, '3', 999999)");
        var failures = 0;
        var rankers = new LocalRankers(_corpus, (texts, kind, token) =>
            texts.Contains("poison") ? throw new InvalidDataException("poison must not be quoted")
            : Interlocked.Increment(ref failures) <= 2 * Hasty.MaxAttempts ? throw new EngineFailedException("its device is gone")
            : Corpus.EmbedAsync(texts, kind, token));
        Assert.True(await Dispatch(id, rankers).RunAsync(default).WaitAsync(Patience));
        var lines = (await LinesAsync(id)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(2, lines[0].GetProperty("candidates").GetArrayLength());
        Assert.Equal("Ranking failed: InvalidDataException.", lines[1].GetProperty("problem").GetString());
        Assert.Contains("There is no document 999999", lines[2].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync("position = 1 and attempts = 1"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelled_or_deleted_in_the_middle_it_stops_and_stores_nothing_more(bool deleted)
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var (rankers, once) = (Rankers(), 0);
        var held = new TaskCompletionSource();
        rankers.Before = async (ticket, token) =>
        {
            if (rankers.Tickets.Count < 20) return false;
            if (Interlocked.Increment(ref once) == 1)
                Assert.True(deleted ? await _store.DeleteAsync("default", id, token) : await _store.CancelAsync("default", id, token));
            await held.Task.WaitAsync(token);         // a worker that does not answer: the lease that is gone ends it
            return false;
        };
        Assert.True(await Dispatch(id, rankers).RunAsync(default).WaitAsync(Patience));
        var summary = await _store.FindAsync("default", id);
        Assert.Equal(deleted ? null : BulkRankingState.Cancelled, summary?.State);
        if (!deleted) Assert.InRange(summary!.Ranked, 1, 20);
        Assert.Equal(0, await CountAsync("lease_token is not null"));
    }

    [Fact]
    public async Task A_worker_ranks_only_with_the_ranking_of_the_job()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        var queue = new BulkRankingQueue(new DatabaseRetry(_corpus.Database, Patience), Hasty with { Lease = Patience });
        var lease = (await queue.ClaimAsync(id, 2, default))!;
        var (mine, other) = (lease.Jobs[0].Job.Request(Settings), lease.Jobs[1].Job.Request(Settings));
        var ticket = new LeasedJobTicket(id, lease.Token, 1, JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, mine));
        var worker = new BulkRankingWorker(_corpus.Database);
        await Assert.ThrowsAsync<ArgumentException>(() => worker.RankAsync(ticket, _corpus.Ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, other))));
        Assert.Equal(JobTicketEnd.Ended, await worker.RankAsync(ticket with { Token = Guid.NewGuid() }, _corpus.Ranking.For(ticket.Job)));
        Assert.Equal(0, await CountAsync("line is not null"));
        Assert.Equal(JobTicketEnd.Ended, await worker.RankAsync(ticket, _corpus.Ranking.For(ticket.Job)));
        Assert.Equal(1, await CountAsync("line is not null"));
    }

    private LocalRankers Rankers() => new(_corpus, Corpus.EmbedAsync);

    private BulkRankingDispatch Dispatch(long id, IJobRankers rankers) => new(_corpus.Database, id, rankers, Hasty);

    /// <summary>By the loop of one process.</summary>
    private async Task LoopAsync(long id)
    {
        using var stop = new CancellationTokenSource();
        var loop = Task.Run(() => new BulkRankingLoop(_corpus.Database, _ => Corpus.EmbedAsync, Hasty).RunAsync(stop.Token), CancellationToken.None);
        using var patience = new CancellationTokenSource(Patience);
        while ((await _store.FindAsync("default", id, patience.Token))!.State != BulkRankingState.Done) await Task.Delay(20, patience.Token);
        await stop.CancelAsync();
        await loop.WaitAsync(Patience);
    }

    private async Task AssertAsLocalAsync(long id)
    {
        var local = await _store.SubmitAsync(_corpus.Profile, Settings, Lines());
        await LoopAsync(local);
        Assert.Equal(await LinesAsync(local), await LinesAsync(id));
        await _store.DeleteAsync("default", local);
    }

    private async Task<List<string>> LinesAsync(long id) => await _store.LinesAsync((await _store.FindAsync("default", id))!).ToListAsync();

    private async Task<long> CountAsync(string condition)
    {
        await using var command = _corpus.Database.Source.CreateCommand($"select count(*) from bulk_ranking_jobs where {condition}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static IAsyncEnumerable<BulkJob> Lines() =>
        Enumerable.Range(1, Jobs).Select(i => new BulkJob($"{i}", $"wanted: a {(i % 2 == 0 ? "nurse" : "cook")} number {i}", null)).ToAsyncEnumerable();

    /// <summary>Workers of this process.</summary>
    private sealed class LocalRankers(Corpus corpus, EmbedTexts embed) : IJobRankers
    {
        private readonly ProfileRankings _rankings = new(corpus.Database, _ => embed);
        private readonly BulkRankingWorker _worker = new(corpus.Database, Hasty);
        private int _now;
        private int _most;

        public ConcurrentBag<LeasedJobTicket> Tickets { get; } = [];
        public int MostAtOnce => _most;

        /// <summary>Asked before each job: true has it refused for now; or it throws.</summary>
        public Func<LeasedJobTicket, CancellationToken, Task<bool>> Before { get; set; } = (_, _) => Task.FromResult(false);

        public async Task<JobTicketEnd> RankAsync(LeasedJobTicket ticket, CancellationToken cancellation)
        {
            _most = Math.Max(_most, Interlocked.Increment(ref _now));
            try
            {
                if (await Before(ticket, cancellation)) return JobTicketEnd.NotNow;
                Tickets.Add(ticket);
                var ranking = await _rankings.OfAsync(ticket.Job.ProfileVersionId, cancellation);
                return await _worker.RankAsync(ticket, ranking.For(ticket.Job), cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }
    }
}
