using RtMatching.Core.Ingestion;
using RtMatching.Core.Operations;
using static RtMatching.Tests.Server.ClusterBackend;

namespace RtMatching.Tests.Operations;

/// <summary>What of a cluster calls for an operator.</summary>
public class SiloProblemTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private static readonly SiloStatus Parser = Silo("parser") with { Work = ["parse"], Engine = null };

    [Fact]
    public void Healthy_silos_are_no_problem_and_without_a_cluster_nothing_is_said_of_silos()
    {
        Assert.Empty(Report(Silo("a"), Silo("b"), Parser).Problems);
        Assert.Empty(Report().Problems);
        Assert.Empty((Report() with { Queue = Waiting(ItemStage.Parsed, 5) }).Problems);
    }

    [Fact]
    public void A_silo_with_a_problem_is_serious_and_the_same_problem_is_told_once()
    {
        var problems = Report([Silo("a"), .. Enumerable.Range(1, 100).Select(i => Silo($"e{i}") with { Problem = "its weights are others" })]).Problems;
        var problem = Assert.Single(problems);
        Assert.Equal((ProblemLevel.Serious, "Silos e1, e2, e3 and 97 more: its weights are others"), (problem.Level, problem.What));
    }

    [Fact]
    public void What_a_silo_says_of_its_engine_is_not_told_again()
    {
        var report = Report(Silo("a") with { Problem = "the device is lost" }) with { Engines = [Engine(ready: false, "the device is lost"), Engine(ready: false, "no memory")] };
        Assert.Equal(["Silo a: the device is lost", "Engine cpu: no memory"], report.Problems.Select(problem => problem.What));
    }

    [Fact]
    public void A_silo_that_works_on_with_fewer_devices_is_a_warning_told_once_and_no_reason_that_items_wait()
    {
        const string Out = "qwen embeds on 7 of 8 devices at present: cuda:3: IOException: gone";
        var report = Report(Silo("a") with { Warning = Out }) with
        {
            Engines = [Engine(ready: true, null) with { Warning = Out }], Queue = Waiting(ItemStage.Parsed, 5),
        };
        var problem = Assert.Single(report.Problems);
        Assert.Equal((ProblemLevel.Warning, $"Silo a: {Out}"), (problem.Level, problem.What));

        problem = Assert.Single((report with { Silos = [] }).Problems);
        Assert.Equal((ProblemLevel.Warning, $"Engine cpu: {Out}"), (problem.Level, problem.What));
    }

    [Theory]
    [InlineData(15, null, false)]
    [InlineData(16, null, true)]
    [InlineData(null, 10, false)]       // starting
    [InlineData(null, 60, true)]        // started long ago, and never reported
    [InlineData(null, null, false)]
    public void A_silo_that_has_not_reported_for_long_is_serious(int? seen, int? startedAgo, bool told)
    {
        var silo = Silo("b") with { SeenSecondsAgo = seen, StartedAt = startedAgo is { } ago ? Now.AddSeconds(-ago) : null };
        var problems = Report(Silo("a"), silo).Problems;
        Assert.Equal(told, problems.Count == 1);
        if (told) Assert.StartsWith("Silo b: no report", problems[0].What, StringComparison.Ordinal);
        Assert.All(problems, problem => Assert.Equal(ProblemLevel.Serious, problem.Level));
    }

    [Theory]
    [InlineData(0, "Silo b: draining, nothing in flight.")]
    [InlineData(1, "Silo b: draining, 1 batch in flight.")]
    [InlineData(1234, "Silo b: draining, 1,234 batches in flight.")]
    public void A_draining_silo_is_a_warning_that_says_how_to_undo_it(int batches, string what)
    {
        var problem = Assert.Single(Report(Silo("a"), Silo("b", SiloState.Draining) with { Batches = batches }).Problems);
        Assert.Equal((ProblemLevel.Warning, what), (problem.Level, problem.What));
        Assert.Contains("'rtmatch silos resume b'", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_means_more_to_a_shell_stands_in_no_command()
    {
        var problem = Assert.Single(Report(Silo("a"), Silo("b$(reboot)", SiloState.Draining)).Problems);
        Assert.DoesNotContain("reboot", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Different_versions_are_a_warning_in_which_the_dead_do_not_count()
    {
        Assert.DoesNotContain(Report(Silo("a"), Silo("b", SiloState.Dead) with { Version = "1.1.0" }).Problems, problem => problem.What.Contains("1.1.0"));
        var problem = Assert.Single(Report(Silo("a"), Silo("b") with { Version = "1.1.0" }, Silo("c")).Problems);
        Assert.Equal((ProblemLevel.Warning, "Different versions side by side: 1.1.0 (b); 1.2.0 (a, c)."), (problem.Level, problem.What));
    }

    [Fact]
    public void A_dead_silo_is_a_warning_and_no_more()
    {
        var problem = Assert.Single(Report(Silo("a"), Silo("b", SiloState.Dead) with { SeenSecondsAgo = 300, Problem = "killed" }).Problems);
        Assert.Equal((ProblemLevel.Warning, "Silo b: gone from the cluster."), (problem.Level, problem.What));
    }

    [Fact]
    public void One_that_was_started_again_under_its_name_is_not_missed() =>
        Assert.Empty(Report(Silo("a"), Silo("a", SiloState.Dead), Silo("b", SiloState.Joining) with { Version = "", SeenSecondsAgo = null }).Problems);

    public static TheoryData<string, SiloStatus[], string> WithoutEngine => new()
    {
        { "none has one", [Parser], "rtmatch-silo --engine cpu --work embed" },
        { "none works at it", [Silo("a") with { Work = ["parse"] }], "rtmatch-silo --engine cpu --work embed" },
        { "it has failed", [Silo("a") with { Problem = "the engine fails" }], "rtmatch-silo --engine cpu --work embed" },
        { "it died", [Parser, Silo("a", SiloState.Dead)], "rtmatch-silo --engine cpu --work embed" },
        { "it drains", [Silo("a", SiloState.Draining), Parser], "'rtmatch silos resume a'" },
        { "it is starting", [Silo("a", SiloState.Joining)], "a moment" },
    };

    [Theory]
    [MemberData(nameof(WithoutEngine))]
    public void Items_that_no_engine_can_embed_are_serious_and_the_remedy_is_named(string why, SiloStatus[] silos, string remedy)
    {
        var report = Report(silos) with { Queue = Waiting(ItemStage.Parsed, 5) };
        var problem = Assert.Single(report.Problems, problem => problem.What.Contains("embedded", StringComparison.Ordinal));
        Assert.Equal((ProblemLevel.Serious, "5 items are waiting to be embedded, and no silo has an engine that is ready."), (problem.Level, problem.What));
        Assert.True(problem.Remedy.Contains(remedy, StringComparison.Ordinal), $"{why}: {problem.Remedy}");
    }

    [Fact]
    public void An_engine_that_loads_its_model_is_not_ready_yet()
    {
        var report = Report(Silo("a")) with { Queue = Waiting(ItemStage.Parsed, 1), Engines = [Engine(ready: false), Engine(ready: true, problem: "fails")] };
        Assert.Contains(report.Problems, problem => problem.What.StartsWith("1 item is waiting to be embedded", StringComparison.Ordinal));
        report = report with { Engines = [Engine(ready: false), Engine(ready: true)] };
        Assert.DoesNotContain(report.Problems, problem => problem.What.Contains("waiting", StringComparison.Ordinal));
    }

    [Fact]
    public void Items_that_nobody_parses_are_serious_too()
    {
        var embedder = Silo("a") with { Work = ["embed"] };
        var report = Report(embedder) with { Queue = Waiting(ItemStage.Queued, 2) };
        Assert.Equal("2 items are waiting to be parsed, and no silo parses.", Assert.Single(report.Problems).What);
        Assert.Empty((report with { Silos = [embedder, Parser] }).Problems);
        Assert.Empty((report with { Queue = Waiting(ItemStage.Queued, 0) }).Problems);
    }

    private static StatusReport Report(params SiloStatus[] silos) => new() { TakenAt = Now, Silos = silos };

    private static QueueStatus Waiting(ItemStage stage, long items) => new([new StageStatus(stage, items, 0, 0, 0, 1)], 10, 0);

    private static EngineStatus Engine(bool ready, string? problem = null) => new("cpu", [], ["embed"], ready, problem, 0, 0);
}
