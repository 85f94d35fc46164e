using System.Text.Json;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

public sealed class BulkRankingLoopTests : IAsyncLifetime
{
    private const int Jobs = 150;       // more than two batches
    private static readonly RankingRequest Settings = new() { Top = 2 };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly BulkRankingOptions Hasty = new()
    {
        Lease = TimeSpan.FromMilliseconds(400), Backoff = TimeSpan.FromMilliseconds(1), Poll = TimeSpan.FromMilliseconds(20), MaxAttempts = 3,
    };

    private Corpus _corpus = null!;
    private BulkRankingStore _store = null!;

    public async Task InitializeAsync()
    {
        _corpus = await Corpus.CreateAsync();
        _store = new BulkRankingStore(_corpus.Database);
        foreach (var text in (string[])["a nurse on a ward", "a cook in a kitchen", "a developer of web services"]) await _corpus.AddAsync(text, text);
    }

    public Task DisposeAsync() => _corpus.DisposeAsync().AsTask();

    [Fact]
    public async Task A_worker_stopped_in_the_middle_hands_back_and_another_goes_on_without_double_lines()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(Jobs));
        using var abort = new CancellationTokenSource();
        var batches = 0;
        await LoopAsync(async (texts, kind, token) =>
        {
            if (++batches == 2) await abort.CancelAsync();
            token.ThrowIfCancellationRequested();
            return await Corpus.EmbedAsync(texts, kind, token);
        }, abort.Token, abort.Token);

        var middle = (await _store.FindAsync("default", id))!;
        Assert.Equal((BulkRankingState.Running, 64L, 0L), (middle.State, middle.Ranked, middle.Failed));
        Assert.Equal(0, await CountAsync("lease_token is not null or (attempts > 0 and ended_at is null)"));     // handed back, and not counted

        await UntilDoneAsync(id, Corpus.EmbedAsync);
        Assert.Equal(await LocalLinesAsync(Jobs), await _store.LinesAsync((await _store.FindAsync("default", id))!).ToListAsync());
    }

    [Fact]
    public async Task A_result_is_kept_for_a_while_and_then_goes()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(1));
        await UntilDoneAsync(id, Corpus.EmbedAsync);
        var retry = new DatabaseRetry(_corpus.Database, Patience);
        await new BulkRankingQueue(retry, Hasty).ExpireAsync(default);
        Assert.NotNull(await _store.FindAsync("default", id));
        await new BulkRankingQueue(retry, Hasty with { Keep = TimeSpan.Zero }).ExpireAsync(default);
        Assert.Null(await _store.FindAsync("default", id));
        Assert.Equal(0, await CountAsync("true"));
    }

    [Fact]
    public async Task What_a_dead_worker_leased_is_ranked_by_another_and_its_late_lines_are_not_stored()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(3));
        var dead = new BulkRankingQueue(new DatabaseRetry(_corpus.Database, Patience), Hasty);
        var lease = (await dead.ClaimAsync(id, 64, default))!;
        Assert.Equal(3, lease.Jobs.Count);
        Assert.Null(await dead.ClaimAsync(id, 64, default));

        await UntilDoneAsync(id, Corpus.EmbedAsync);
        await dead.CompleteAsync(lease, lease.Jobs, ["late", "late", "late"], default);
        await dead.FailAsync(lease, lease.Jobs[0], "late", final: true, default);
        Assert.Equal(await LocalLinesAsync(3), await _store.LinesAsync((await _store.FindAsync("default", id))!).ToListAsync());
    }

    [Fact]
    public async Task A_job_whose_worker_dies_each_time_ends_with_its_problem_and_takes_no_other_along()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(3));
        var deadly = new BulkRankingQueue(new DatabaseRetry(_corpus.Database, Patience), Hasty with { Lease = TimeSpan.Zero });
        Assert.Equal(3, (await deadly.ClaimAsync(id, 64, default))!.Jobs.Count);
        for (var attempt = 2; attempt <= Hasty.MaxAttempts; attempt++)
            Assert.Equal([1L], (await deadly.ClaimAsync(id, 64, default))!.Jobs.Select(job => job.Position));    // alone
        await UntilDoneAsync(id, Corpus.EmbedAsync);
        var lines = await _store.LinesAsync((await _store.FindAsync("default", id))!).ToListAsync();
        Assert.Contains("stopped without a word", lines[0], StringComparison.Ordinal);
        Assert.Equal((await LocalLinesAsync(3))[1..], lines[1..]);
    }

    [Fact]
    public async Task A_text_that_fails_is_told_in_its_line_and_the_others_are_ranked()
    {
        var jobs = new[] { new BulkJob("1", "a nurse", null), new BulkJob("2", "poison", null), new BulkJob("3", "a cook", null), new BulkJob("4", null, 999_999) };
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, jobs.Take(3).ToAsyncEnumerable());
        await _corpus.ExecuteAsync($"insert into bulk_ranking_jobs (bulk_ranking_id, position, name, document_id) values ({id}, 4, '4', 999999)");
        var tries = 0;
        await UntilDoneAsync(id, (texts, kind, token) =>
        {
            if (!texts.Contains("poison")) return Corpus.EmbedAsync(texts, kind, token);
            if (texts.Count == 1) tries++;
            throw new InvalidDataException("poison must not be quoted");
        });

        var summary = (await _store.FindAsync("default", id))!;
        Assert.Equal((BulkRankingState.Done, 4L, 2L, 2L, (double?)0), (summary.State, summary.Total, summary.Ranked, summary.Failed, summary.RemainingSeconds));
        var lines = (await _store.LinesAsync(summary).ToListAsync()).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["1", "2", "3", "4"], lines.Select(line => line.GetProperty("job").GetString()));
        Assert.Equal("Ranking failed: InvalidDataException.", lines[1].GetProperty("problem").GetString());
        Assert.Contains("There is no document 999999", lines[3].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(Hasty.MaxAttempts, tries);
        Assert.Equal(0, await CountAsync("text is not null"));
    }

    [Fact]
    public async Task Cancelled_in_the_middle_nothing_more_is_stored()
    {
        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(Jobs));
        using var stop = new CancellationTokenSource();
        var cancelled = false;
        var loop = LoopAsync(async (texts, kind, token) =>
        {
            cancelled = await _store.CancelAsync("default", id, token);
            await stop.CancelAsync();
            return await Corpus.EmbedAsync(texts, kind, token);
        }, stop.Token);
        await loop.WaitAsync(Patience);
        var summary = (await _store.FindAsync("default", id))!;
        Assert.Equal((true, BulkRankingState.Cancelled, 0L), (cancelled, summary.State, summary.Ranked));
        Assert.False(await _store.CancelAsync("default", id));
        Assert.Empty(await _store.LinesAsync(summary).ToListAsync());
    }

    [Fact]
    public async Task Two_workers_share_a_bulk_ranking()
    {
        for (var i = 0; i < Jobs; i++) await _corpus.AddAsync($"job-{i}", $"wanted: a cook or nurse, number {i}", DocumentKind.Job);
        var id = await _store.SubmitStoredAsync(_corpus.Profile, Settings);
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 2).Select(_ => LoopAsync(Corpus.EmbedAsync, stop.Token)).ToList();
        await DoneAsync(id);
        await stop.CancelAsync();
        await Task.WhenAll(workers).WaitAsync(Patience);
        var jobs = (await _store.LinesAsync((await _store.FindAsync("default", id))!).ToListAsync()).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("job").GetString());
        Assert.Equal(Enumerable.Range(0, Jobs).Select(i => $"job-{i}"), jobs);
    }

    [Fact]
    public async Task A_submission_that_breaks_off_leaves_nothing_and_another_tenant_sees_nothing()
    {
        async IAsyncEnumerable<BulkJob> BrokenAsync()
        {
            await foreach (var job in Lines(70)) yield return job;
            throw new InvalidLineException("the body, line 71: is not JSON");
        }

        await Assert.ThrowsAsync<InvalidLineException>(() => _store.SubmitAsync(_corpus.Profile, Settings, BrokenAsync()));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.SubmitAsync(_corpus.Profile, Settings, Lines(0)));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.SubmitAsync(_corpus.Profile, Settings with { Top = 0 }, Lines(1)));
        Assert.Empty(await _store.ListAsync("default"));
        Assert.Equal(0, await CountAsync("true"));

        var id = await _store.SubmitAsync(_corpus.Profile, Settings, Lines(1));
        Assert.Null(await _store.FindAsync("other", id));
        Assert.False(await _store.CancelAsync("other", id));
        Assert.False(await _store.DeleteAsync("other", id));
        Assert.Empty(await _store.ListAsync("other"));
        Assert.True(await _store.DeleteAsync("default", id));
        Assert.Equal(0, await CountAsync("true"));
    }

    private Task LoopAsync(EmbedTexts embed, CancellationToken stop, CancellationToken abort = default) =>
        Task.Run(() => new BulkRankingLoop(_corpus.Database, _ => embed, Hasty).RunAsync(stop, abort), CancellationToken.None);

    private async Task UntilDoneAsync(long id, EmbedTexts embed)
    {
        using var stop = new CancellationTokenSource();
        var loop = LoopAsync(embed, stop.Token);
        await DoneAsync(id);
        await stop.CancelAsync();
        await loop.WaitAsync(Patience);
    }

    private async Task DoneAsync(long id)
    {
        using var patience = new CancellationTokenSource(Patience);
        while ((await _store.FindAsync("default", id, patience.Token))!.State != BulkRankingState.Done) await Task.Delay(20, patience.Token);
    }

    /// <summary>What the command line's file would hold.</summary>
    private async Task<List<string>> LocalLinesAsync(int count)
    {
        var path = Path.GetTempFileName();
        await new BulkRanking(_corpus.Database, _corpus.Ranking, Corpus.EmbedAsync).RankAllAsync(Lines(count), Settings, path);
        var lines = await File.ReadAllLinesAsync(path);
        File.Delete(path);
        return [.. lines];
    }

    private async Task<long> CountAsync(string condition)
    {
        await using var command = _corpus.Database.Source.CreateCommand($"select count(*) from bulk_ranking_jobs where {condition}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static IAsyncEnumerable<BulkJob> Lines(int count) =>
        Enumerable.Range(1, count).Select(i => new BulkJob($"{i}", $"wanted: a {(i % 2 == 0 ? "nurse" : "cook")} number {i}", null)).ToAsyncEnumerable();
}
