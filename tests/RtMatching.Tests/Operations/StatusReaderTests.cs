using Npgsql;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Operations;

public class StatusReaderTests
{
    [Fact]
    public async Task Ingestions_are_told_with_rate_remaining_time_and_how_long_they_took()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StatusRows.AddAsync(test);
        var report = await new StatusReader(test.Database).ReadAsync();
        Assert.Equal([1L, 3, 2], report.Ingestions.Select(status => status.Ingestion.Id));

        var running = report.Ingestions[0];
        Assert.Equal(new ItemCounts(4, 1, 35, 0, 4, 1, 0), running.Ingestion.Counts);
        Assert.Equal(30 / 60.0, running.PerSecond, 6);
        Assert.Equal(5 / 0.5, running.RemainingSeconds!.Value, 6);
        Assert.Null(running.TookSeconds);
        var done = report.Ingestions[2];
        Assert.Equal((90.0, 0.0, null), (done.TookSeconds, done.PerSecond, done.RemainingSeconds));
    }

    [Fact]
    public async Task Bulk_rankings_are_told_with_rate_and_remaining_time()
    {
        await using var test = await TestDatabase.CreateAsync();
        var profile = await StatusRows.AddAsync(test);
        await using var command = test.Source.CreateCommand($$"""
            insert into bulk_rankings (profile_version_id, settings, state, submitted, created_at, started_at, finished_at) values
                ({{profile.Id}}, '{}', 'running', true, now() - interval '5 minutes', now() - interval '40 s', null),
                ({{profile.Id}}, '{}', 'done', true, now() - interval '2 hours', now() - interval '2 hours', now() - interval '119 minutes');
            insert into bulk_ranking_jobs (bulk_ranking_id, position, name, ended_at)
                select 1, n, '{{StatusRows.ExternalId}}', case when n <= 20 then now() - interval '5 s' end from generate_series(1, 30) n;
            insert into bulk_ranking_jobs (bulk_ranking_id, position, name, ended_at) select 2, n, 'x', now() from generate_series(1, 3) n
            """);
        await command.ExecuteNonQueryAsync();
        var rankings = (await new StatusReader(test.Database).ReadAsync()).Rankings;
        Assert.Equal([(1L, 20L, 10L), (2, 3, 0)], rankings.Select(ranking => (ranking.Id, ranking.Ended, ranking.Open)));
        Assert.InRange(rankings[0].PerSecond, 0.45, 0.5);        // a slow machine takes its time between writing and reading
        Assert.Equal(60, rankings[1].TookSeconds!.Value);
        Assert.InRange(rankings[0].RemainingSeconds!.Value, 19.9, 22.3);
    }

    [Fact]
    public async Task The_queue_is_told_by_stage_without_what_waits_for_nobody()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StatusRows.AddAsync(test);
        var queue = (await new StatusReader(test.Database).ReadAsync()).Queue;
        Assert.Equal((30, 1), (queue.EndedLastMinute, queue.DeadLetters));
        var (parse, embed) = (queue.Stages[0], queue.Stages[1]);
        Assert.Equal((ItemStage.Queued, 2, 1, 1, 0), (parse.Stage, parse.Waiting, parse.Leased, parse.Delayed, parse.Stalled));
        Assert.InRange(parse.OldestSeconds!.Value, 300, 330);
        Assert.Equal(new StageStatus(ItemStage.Parsed, 0, 0, 0, 1, null), embed);
    }

    [Fact]
    public async Task Failures_of_the_last_day_stand_together_by_reason()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StatusRows.AddAsync(test);
        var failures = (await new StatusReader(test.Database).ReadAsync()).Failures;
        Assert.Equal((4, false), (failures.Items, failures.Sampled));
        Assert.Equal(
            [(ItemStage.Rejected, "needs_ocr", "a scan; page N.", 2L), (ItemStage.Dead, "ok", "Embedding failed: 1.", 1), (ItemStage.Rejected, "empty", "blank 1.", 1)],
            failures.Reasons.Select(reason => (reason.Stage, reason.Outcome!, reason.Reason, reason.Items)));
    }

    [Fact]
    public async Task What_is_wrong_is_told_the_worst_first()
    {
        await using var test = await TestDatabase.CreateAsync();
        Assert.Empty((await new StatusReader(test.Database).ReadAsync()).Problems);
        await StatusRows.AddAsync(test);
        var problems = (await new StatusReader(test.Database).ReadAsync()).Problems;
        Assert.Equal([ProblemLevel.Serious, ProblemLevel.Warning], problems.Select(problem => problem.Level));
        Assert.StartsWith("1 item is leased to a worker that has gone silent", problems[0].What, StringComparison.Ordinal);
        Assert.StartsWith("1 item is given up", problems[1].What, StringComparison.Ordinal);

        await using var nobody = test.Source.CreateCommand("""
            update items set lease_token = null, lease_until = null; update items set updated_at = now() - interval '1 hour'
            """);
        await nobody.ExecuteNonQueryAsync();
        problems = (await new StatusReader(test.Database).ReadAsync()).Problems;
        Assert.Equal("4 items are waiting and nobody works on them, for 7 min.", Assert.Single(problems, problem => problem.Level == ProblemLevel.Serious).What);
    }

    [Fact]
    public async Task A_profile_version_is_told_with_how_full_it_is_and_its_indexes()
    {
        await using var test = await TestDatabase.CreateAsync();
        var version = await StatusRows.AddAsync(test);
        var reader = new StatusReader(test.Database);
        var profile = Assert.Single((await reader.ReadAsync()).Profiles);
        Assert.Equal(("jd2cv", 1, true, 1L, 0.5), (profile.Name, profile.Version, profile.Active, profile.Lacking, profile.Full));
        Assert.Equal([new RowCount(1, false), new RowCount(2, false)], [profile.Vectors, profile.Documents]);
        Assert.All(profile.Indexes, index => Assert.Equal(IndexState.None, index.State));

        await using var build = test.Source.CreateCommand($"""
            create index vectors_{version.Id}_cv_hnsw on vectors_{version.Id} using hnsw (embedding halfvec_cosine_ops) where kind = 'cv'
            """);
        await build.ExecuteNonQueryAsync();
        var index = (await reader.ReadAsync()).Profiles[0].Indexes.Single(index => index.Kind == DocumentKind.Cv);
        Assert.Equal((IndexState.Ready, 1L), (index.State, index.Rows));

        await using var invalid = test.Source.CreateCommand($"update pg_index set indisvalid = false where indexrelid = 'vectors_{version.Id}_cv_hnsw'::regclass");
        await invalid.ExecuteNonQueryAsync();
        var broken = await reader.ReadAsync();
        Assert.Equal(IndexState.Invalid, broken.Profiles[0].Indexes.Single(index => index.Kind == DocumentKind.Cv).State);
        Assert.Contains(broken.Problems, problem => problem.What.Contains("CVs' index of jd2cv 1 is invalid", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_database_is_told_with_its_versions_and_sizes()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = (await new StatusReader(test.Database).ReadAsync()).Store!;
        Assert.True(store.Bytes > 1_000_000 && store.Connections >= 1 && store.MaxConnections > store.Connections);
        Assert.Matches(@"^\d+\.\d+", store.PostgreSql);
        Assert.Matches(@"^\d+\.\d+", store.PgVector!);
        Assert.Contains(store.Tables, table => table.Name == "items");
    }

    [Fact]
    public async Task A_locked_table_costs_its_part_of_the_report_and_no_more()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StatusRows.AddAsync(test);
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var rebuild = new NpgsqlCommand("lock table documents in access exclusive mode", connection, transaction)) await rebuild.ExecuteNonQueryAsync();
        var report = await new StatusReader(test.Database).ReadAsync();
        Assert.Contains("profiles (a table is locked)", report.Unread);
        Assert.NotEmpty(report.Ingestions);
        Assert.Contains(report.Problems, problem => problem.What == "Not read: profiles (a table is locked)");
    }

    [Fact]
    public async Task A_tenant_sees_its_own_ingestions_and_failures()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StatusRows.AddAsync(test);
        var reader = new StatusReader(test.Database);
        Assert.Equal((3, 4), ((await reader.ReadAsync("default")).Ingestions.Count, (await reader.ReadAsync("default")).Failures.Items));
        var other = await reader.ReadAsync("another");
        Assert.Equal((0, 0), (other.Ingestions.Count, other.Failures.Items));
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.6, "1 min")]
    [InlineData(148.2, "2 min 28 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(1e300, "5,337,599 d 13 h")]
    public void Durations_read_in_two_units(double seconds, string text) => Assert.Equal(text, StatusText.Duration(seconds));

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(999_600, "1.00 MB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(210_000_000_000, "210 GB")]
    public void Sizes_read_in_three_digits(long bytes, string text) => Assert.Equal(text, StatusText.Bytes(bytes));

    [Fact]
    public void A_share_is_all_only_when_it_is() => Assert.Equal(["99%", "100%"], [StatusText.Percent(0.9999), StatusText.Percent(1)]);
}
