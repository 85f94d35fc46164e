using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Matching;

public sealed class StandingRankingTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly StandingRankingOptions Hasty = new() { Pace = TimeSpan.FromMilliseconds(20) };
    private static readonly RankingRequest Request = new() { Text = "a nurse on a surgical ward", Top = 2 };

    private Corpus _corpus = null!;
    private StandingRanking _standing = null!;

    public async Task InitializeAsync()
    {
        _corpus = await Corpus.CreateAsync();
        await _corpus.AddAsync("cook", "a cook in a kitchen");
        await _corpus.AddAsync("nurse", "a nurse on a ward");
        _standing = Standing(Request);
    }

    public Task DisposeAsync() => _corpus.DisposeAsync().AsTask();

    [Fact]
    public async Task A_cv_that_comes_changes_or_goes_changes_the_ranking()
    {
        await using var follower = new Follower(_standing);
        Assert.Equal(["nurse", "cook"], await follower.NextAsync());

        await _corpus.AddAsync("surgeon's nurse", "a nurse on a surgical ward");
        Assert.Equal(["surgeon's nurse", "nurse"], await follower.NextAsync());
        await _corpus.AddAsync("nurse", "a painter of walls");
        Assert.Equal(["surgeon's nurse", "cook"], await follower.NextAsync());
        await _corpus.AddAsync("cook", "a cook on a ward");         // the same documents in the same places
        Assert.Equal(["surgeon's nurse", "cook"], await follower.NextAsync());

        var documents = new DocumentStore(_corpus.Database);
        var first = (await documents.ListAsync(new DocumentQuery { ExternalId = "surgeon's nurse" })).Single();
        Assert.True(await documents.DeleteAsync(first.Id));
        Assert.Equal(["cook", "nurse"], await follower.NextAsync());
    }

    [Fact]
    public async Task Nothing_is_ranked_that_cannot_have_changed_and_nothing_told_that_has_not()
    {
        await using var follower = new Follower(_standing);
        await follower.NextAsync();
        await _corpus.AddAsync("a job", "a nurse", DocumentKind.Job);
        await _corpus.ExecuteAsync("update documents set tenant = 'other' where external_id = 'a job'");
        var other = await Corpus.AddProfileAsync(_corpus.Database, 2);
        await _corpus.ExecuteAsync($"insert into vectors_{other.Id} select 'default', 'cv', hash, array_fill(1, array[{Corpus.Dimension}])::vector::halfvec from contents");
        await Task.Delay(10 * Hasty.Pace);
        Assert.Equal(1, _standing.Rankings);

        await _corpus.AddAsync("painter", "a painter of walls");            // below the top
        await UntilAsync(() => _standing.Rankings == 2);
        await Task.Delay(10 * Hasty.Pace);
        Assert.Equal(2, _standing.Rankings);
        await _corpus.AddAsync("surgical", "a nurse on a surgical ward");
        Assert.Equal(["surgical", "nurse"], await follower.NextAsync());    // and no edition between
        Assert.Equal(3, _standing.Rankings);
    }

    /// <summary>The vectors of a version that ranks already, made anew, are a change of no document.</summary>
    [Fact]
    public async Task Vectors_made_anew_are_seen()
    {
        await using var follower = new Follower(_standing);
        await follower.NextAsync();
        await _corpus.ExecuteAsync($"update vectors_{_corpus.Profile.Id} set embedding = l2_normalize(embedding + array_fill(0.1, array[{Corpus.Dimension}])::vector::halfvec)");
        Assert.Equal(["nurse", "cook"], await follower.NextAsync());        // by their words, with other similarities
    }

    [Fact]
    public async Task What_is_committed_late_is_seen_although_later_work_was_seen_before_it()
    {
        await using var follower = new Follower(_standing);
        await follower.NextAsync();
        await using var connection = await _corpus.Database.Source.OpenConnectionAsync();
        await using var late = await connection.BeginTransactionAsync();
        await using (var delete = new Npgsql.NpgsqlCommand("delete from documents where external_id = 'nurse'", connection, late)) await delete.ExecuteNonQueryAsync();
        await _corpus.AddAsync("surgical", "a nurse on a surgical ward");
        Assert.Equal(["surgical", "nurse"], await follower.NextAsync());
        await late.CommitAsync();
        Assert.Equal(["surgical", "cook"], await follower.NextAsync());
    }

    [Fact]
    public async Task All_who_follow_the_same_share_one_ranking_and_one_who_comes_later_gets_it_at_once()
    {
        var embedding = new CountedEmbedding();
        var ranking = new Ranking(_corpus.Database, _corpus.Profile, embedding.EmbedAsync);
        var standing = new StandingRankings(Hasty);
        IAsyncEnumerable<IReadOnlyList<RankedDocument>> Follow() =>
            standing.FollowAsync(ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, Request)), Request with { Filter = new RankingFilter() });
        await using (var early = new Follower(Follow()))
        {
            await early.NextAsync();
            await using var late = new Follower(Follow());
            Assert.Equal(["nurse", "cook"], await late.NextAsync());
            await using var other = new Follower(standing.FollowAsync(ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, Request)), Request with { Top = 1 }));
            Assert.Equal(["nurse"], await other.NextAsync());
            Assert.Equal((2, 2), (standing.Count, embedding.Texts));

            await _corpus.AddAsync("surgical", "a nurse on a surgical ward");
            Assert.Equal(["surgical", "nurse"], await early.NextAsync());
            Assert.Equal(["surgical", "nurse"], await late.NextAsync());
            Assert.Equal(["surgical"], await other.NextAsync());
            Assert.Equal(2, embedding.Texts);
        }

        Assert.Equal(0, standing.Count);
    }

    [Fact]
    public async Task Nothing_runs_while_nobody_follows_and_whoever_comes_back_gets_what_holds_then()
    {
        await using (var follower = new Follower(_standing)) await follower.NextAsync();
        Assert.Equal(0, _standing.Followers);
        await _corpus.AddAsync("surgical", "a nurse on a surgical ward");
        await Task.Delay(10 * Hasty.Pace);
        Assert.Equal(1, _standing.Rankings);
        await using var again = new Follower(_standing);
        Assert.Equal(["surgical", "nurse"], await again.NextAsync());
        Assert.Equal((2, 1), (_standing.Rankings, _standing.Followers));
    }

    [Fact]
    public async Task A_follower_who_is_slow_gets_the_latest()
    {
        await using var fast = new Follower(_standing);
        await fast.NextAsync();
        await using var slow = new Follower(_standing);
        Assert.Equal(["nurse", "cook"], await slow.NextAsync());
        await _corpus.AddAsync("surgical", "a nurse on a surgical ward");
        Assert.Equal(["surgical", "nurse"], await fast.NextAsync());
        await _corpus.ExecuteAsync("delete from documents where external_id = 'nurse'");
        Assert.Equal(["surgical", "cook"], await fast.NextAsync());
        Assert.Equal(["surgical", "cook"], await slow.NextAsync());
    }

    [Fact]
    public async Task A_job_that_changes_is_ranked_anew_and_one_that_is_deleted_ends_it()
    {
        var id = await _corpus.AddAsync("job", "a nurse on a ward", DocumentKind.Job);
        await using var follower = new Follower(Standing(new RankingRequest { DocumentId = id, Top = 1 }));
        Assert.Equal(["nurse"], await follower.NextAsync());
        await _corpus.AddAsync("job", "a cook in a kitchen", DocumentKind.Job);
        Assert.Equal(["cook"], await follower.NextAsync());
        await new DocumentStore(_corpus.Database).DeleteAsync(id);
        await Assert.ThrowsAsync<ArgumentException>(follower.NextAsync);
    }

    [Fact]
    public async Task It_ends_when_another_version_of_the_profile_has_become_the_active_one()
    {
        await using var follower = new Follower(_standing);
        await follower.NextAsync();
        var other = await Corpus.AddProfileAsync(_corpus.Database, 2);
        await _corpus.ExecuteAsync($"update profiles set active_version_id = {other.Id}");
        Assert.Null(await follower.NextOrEndAsync());
        await using var again = new Follower(_standing);        // a version that does not rank can be followed, too
        Assert.Equal(["nurse", "cook"], await again.NextAsync());
    }

    [Fact]
    public async Task Old_notes_of_changes_go_by_and_by()
    {
        await _corpus.ExecuteAsync("update ranking_changes set at = now() - interval '2 days'");
        await using var command = _corpus.Database.Source.CreateCommand("select count(*) from ranking_changes where at < now() - interval '1 day'");
        for (var i = 0; i < 5_000 && (long)(await command.ExecuteScalarAsync())! > 0; i++) await _corpus.ExecuteAsync("update documents set location = 'here'");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    private StandingRanking Standing(RankingRequest request) =>
        new(_corpus.Ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, request)), request, Hasty);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds()) await Task.Delay(5, patience.Token);
    }

    /// <summary>Of each edition the external ids.</summary>
    private sealed class Follower : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly IAsyncEnumerator<IReadOnlyList<RankedDocument>> _editions;

        public Follower(StandingRanking standing) : this(standing.FollowAsync())
        {
        }

        public Follower(IAsyncEnumerable<IReadOnlyList<RankedDocument>> editions) => _editions = editions.GetAsyncEnumerator(_stop.Token);

        public async Task<string[]> NextAsync() => await NextOrEndAsync() ?? throw new InvalidOperationException("It has ended.");

        public async Task<string[]?> NextOrEndAsync() =>
            await _editions.MoveNextAsync().AsTask().WaitAsync(Patience) ? [.. _editions.Current.Select(place => place.ExternalId)] : null;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _editions.DisposeAsync();
            _stop.Dispose();
        }
    }
}
