using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using SiloStatus = RtMatching.Core.Operations.SiloStatus;

namespace RtMatching.Orleans.Tests.InProcess;

public class TwoSilosTests
{
    private const string Job = "We look for a smith.\nRequirements:\n- forging\n- welding";

    [Fact]
    public async Task An_ingestion_a_ranking_and_a_bulk_ranking_go_through_grains()
    {
        // The first silo has no engine: whatever is embedded is embedded by the other.
        await using var silos = await InProcessSilos.StartAsync(
            InProcessSilos.Work(IngestionStages.Parse, engine: null), InProcessSilos.Work(IngestionStages.All, "cpu"));
        var ingestion = await silos.SubmitAsync(50);
        await silos.Backend.StartIngestionAsync(ingestion, default);
        var ended = await silos.EndedAsync(ingestion);
        Assert.Equal((IngestionState.Done, 50L), (ended.State, ended.Counts.Embedded));

        var request = new RankingRequest { Text = Job, Top = 5, Explain = true };
        var answer = await silos.Backend.RankAsync(TaskProfile.DefaultName, DocumentKind.Cv, request, default);
        Assert.Equal(5, answer.Ranking.Count);
        Assert.NotEmpty(answer.Ranking[0].Explanation!.Requirements);
        await SameAsInProcessAsync(silos, answer, request);

        var bulk = await BulkAsync(silos, answer.Profile, 12);
        Assert.Equal(12, bulk.Count);
        Assert.Contains(answer.Ranking[0].ExternalId, bulk[0], StringComparison.Ordinal);

        var embedded = await silos.Backend.EmbedAsync(null, [.. Enumerable.Range(0, 70).Select(i => $"text {i}")], new EmbeddingOptions(), default);
        Assert.Equal(70, embedded.Count);
        Assert.NotEqual(embedded[0].Vector, embedded[69].Vector);
    }

    [Fact]
    public async Task What_the_backend_refuses_arrives_as_Core_says_it()
    {
        await using var silos = await InProcessSilos.StartAsync(InProcessSilos.Work(IngestionStages.All, "cpu"), InProcessSilos.Work(IngestionStages.All, "cpu"));
        var request = new RankingRequest { Text = Job };
        await Assert.ThrowsAsync<KeyNotFoundException>(() => silos.Backend.RankAsync("nobody's", DocumentKind.Cv, request, default));
        await silos.SubmitAsync(1);
        var nothing = await Assert.ThrowsAsync<ArgumentException>(() =>
            silos.Backend.RankAsync(TaskProfile.DefaultName, DocumentKind.Cv, new RankingRequest { DocumentId = 4711 }, default));
        Assert.Contains("4711", nothing.Message, StringComparison.Ordinal);
        await ReadyAsync(silos, 2);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => silos.Backend.EmbedAsync("no-such-model", ["text"], new EmbeddingOptions(), default));
        await Assert.ThrowsAsync<ArgumentException>(() => silos.Backend.EmbedAsync(null, ["text"], new EmbeddingOptions { Dimension = 100_000 }, default));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => silos.Backend.DrainAsync("nobody", true, default));
    }

    [Fact]
    public async Task A_silo_that_drains_gets_no_more_work_and_what_coordinates_leaves_it()
    {
        await using var silos = await InProcessSilos.StartAsync(InProcessSilos.Work(IngestionStages.All, "cpu"), InProcessSilos.Work(IngestionStages.All, "cpu"));
        await ReadyAsync(silos, 2);
        await silos.Backend.DrainAsync("Silo_1", true, default);
        await UntilStateAsync(silos, "Silo_1", SiloState.Draining);

        var ingestion = await silos.SubmitAsync(20);
        await silos.Backend.StartIngestionAsync(ingestion, default);
        Assert.Equal(20, (await silos.EndedAsync(ingestion)).Counts.Embedded);
        await InProcessSilos.UntilAsync(async () => await TextsAsync(silos, "Silo_0 cpu") >= 20, () => "The silo that stays did not embed them all.");
        Assert.InRange(await TextsAsync(silos, "Silo_1 cpu"), 0, 1);      // its own first text, to see that it works

        await InProcessSilos.UntilAsync(async () => (await SiloAsync(silos, "Silo_1")).Grains.Count == 0,
            () => "Grains stay on the silo that drains.");
        await silos.Backend.DrainAsync("Silo_1", false, default);
        await UntilStateAsync(silos, "Silo_1", SiloState.Active);
    }

    [Fact]
    public async Task A_silo_that_stops_in_mid_ingestion_loses_nothing()
    {
        await using var silos = await InProcessSilos.StartAsync(InProcessSilos.Work(IngestionStages.All, "cpu"), InProcessSilos.Work(IngestionStages.All, "cpu"));
        var ingestion = await silos.SubmitAsync(60);
        await silos.Backend.StartIngestionAsync(ingestion, default);
        await InProcessSilos.UntilAsync(async () => (await new IngestionRecords(silos.Database).FindAsync(ingestion)).Counts.Embedded > 5, () => "Nothing is embedded.");
        var stopping = System.Diagnostics.Stopwatch.StartNew();
        await silos.StopAsync(1);
        Assert.InRange(stopping.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(25));      // within its shutdown time and what leaving takes
        var ended = await silos.EndedAsync(ingestion);
        Assert.Equal((IngestionState.Done, 60L), (ended.State, ended.Counts.Embedded));
        Assert.Equal(60, await silos.Test.CountAsync("select count(*) from documents"));
        Assert.Equal(0, await silos.Test.CountAsync("select count(*) from items where attempts > 1"));
    }

    [Fact]
    public async Task A_silo_with_other_weights_is_refused_the_work_that_it_would_do_wrongly()
    {
        await using var silos = await InProcessSilos.StartAsync(
            InProcessSilos.Work(IngestionStages.All, "cpu"), InProcessSilos.Work(IngestionStages.All, "cpu") with { Load = OtherWeights });
        await ReadyAsync(silos, 2);
        var ended = await silos.EndedAsync(await silos.SubmitAsync(30));
        Assert.Equal((IngestionState.Done, 30L), (ended.State, ended.Counts.Embedded));
        await InProcessSilos.UntilAsync(async () => (await SiloAsync(silos, "Silo_1")).Problem is not null, () => "Nobody is told.");
        Assert.Contains("other weights", (await SiloAsync(silos, "Silo_1")).Problem, StringComparison.Ordinal);
        Assert.Equal(1, await TextsAsync(silos, "Silo_1 cpu"));
        var ranked = await silos.BackendOf(1).RankAsync(TaskProfile.DefaultName, DocumentKind.Cv, new RankingRequest { Text = Job }, default);
        Assert.Equal(10, ranked.Ranking.Count);
        Assert.Equal(1, await TextsAsync(silos, "Silo_1 cpu"));
    }

    [Fact]
    public async Task Without_an_engine_work_waits_and_goes_on_when_one_is_back()
    {
        var broken = true;
        LanguageModel Load(string? path) => broken ? throw new InvalidModelException("There is no device.") : LanguageModel.Load(path);
        var work = InProcessSilos.Work(IngestionStages.All, "cpu") with { Load = Load };
        await using var silos = await InProcessSilos.StartAsync(work, work);
        var ingestion = await silos.SubmitAsync(5);
        var records = new IngestionRecords(silos.Database);
        await InProcessSilos.UntilAsync(async () => (await records.FindAsync(ingestion)).Counts.Parsed == 5, () => "They are not parsed.");
        var none = await Assert.ThrowsAsync<EngineFailedException>(() =>
            silos.Backend.RankAsync(TaskProfile.DefaultName, DocumentKind.Cv, new RankingRequest { Text = Job }, default));
        Assert.Contains("There is no device", none.Message, StringComparison.Ordinal);
        Assert.Equal("There is no device.", (await SiloAsync(silos, "Silo_0")).Problem);

        broken = false;
        var ended = await silos.EndedAsync(ingestion);
        Assert.Equal((IngestionState.Done, 5L), (ended.State, ended.Counts.Embedded));
    }

    private static LanguageModel OtherWeights(string? path)
    {
        var model = LanguageModel.Load(path);
        return new LanguageModel(model.Name, "other", model.Tokenizer, model.Decoder);
    }

    [Fact]
    public async Task Work_that_nobody_started_is_found()
    {
        await using var silos = await InProcessSilos.StartAsync(InProcessSilos.Work(IngestionStages.All, "cpu"));
        var ingestion = await silos.SubmitAsync(3);
        Assert.Equal(3, (await silos.EndedAsync(ingestion)).Counts.Embedded);
    }

    [Fact]
    public async Task A_ranking_is_followed_through_its_grain()
    {
        await using var silos = await InProcessSilos.StartAsync(InProcessSilos.Work(IngestionStages.All, "cpu"), InProcessSilos.Work(IngestionStages.All, "cpu"));
        await silos.EndedAsync(await silos.SubmitAsync(3));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var answers = silos.Backend.FollowAsync(TaskProfile.DefaultName, DocumentKind.Cv, new RankingRequest { Text = Job, Top = 50 }, stop.Token)
            .GetAsyncEnumerator(stop.Token);
        Assert.True(await answers.MoveNextAsync());
        Assert.Equal(3, answers.Current.Ranking.Count);
        await silos.EndedAsync(await silos.SubmitAsync(2, "more"));
        while (answers.Current.Ranking.All(place => !place.ExternalId.StartsWith("more", StringComparison.Ordinal)
            && !place.AlsoAs.Any(also => also.StartsWith("more", StringComparison.Ordinal)))) Assert.True(await answers.MoveNextAsync());
    }

    /// <summary>The grains' ranking is Core's, with vectors that travelled.</summary>
    private static async Task SameAsInProcessAsync(InProcessSilos silos, Server.Backend.RankingAnswer answer, RankingRequest request)
    {
        var embedding = new ProfileEmbedding(silos.Service<Engines>(1));
        var here = await new ProfileRankings(silos.Database, embedding.Interactive).ActiveAsync(TaskProfile.DefaultName, default);
        var expected = await here.RankAsync(DocumentKind.Cv, request, default);
        Assert.Equal(expected.Select(place => (place.Rank, place.DocumentId)), answer.Ranking.Select(place => (place.Rank, place.DocumentId)));
        foreach (var (one, other) in expected.Zip(answer.Ranking)) Assert.Equal(one.Score, other.Score, 1e-5);
    }

    private static async Task<List<string>> BulkAsync(InProcessSilos silos, ProfileVersion profile, int jobs)
    {
        var store = new BulkRankingStore(silos.Database);
        var texts = Enumerable.Range(0, jobs).Select(i => new BulkJob($"job-{i}", i == 0 ? Job : $"{Job}\n- plant {i}", null)).ToAsyncEnumerable();
        var id = await store.SubmitAsync(profile, new RankingRequest { Top = 5 }, texts);
        await silos.Backend.StartBulkRankingAsync(id, default);
        await InProcessSilos.UntilAsync(async () => (await store.FindAsync("default", id))!.State == BulkRankingState.Done, () => $"Bulk ranking {id} does not end.");
        var lines = new List<string>();
        await foreach (var line in store.LinesAsync((await store.FindAsync("default", id))!)) lines.Add(line);
        return lines;
    }

    private static Task ReadyAsync(InProcessSilos silos, int count) => InProcessSilos.UntilAsync(
        async () => (await silos.Backend.EnginesAsync(default)).Count(engine => engine.Ready) == count, () => "Engines are not ready.");

    /// <summary>That an engine has embedded, as its silo's last report says.</summary>
    private static async Task<long> TextsAsync(InProcessSilos silos, string engine) =>
        (await silos.Backend.EnginesAsync(default)).Single(found => found.Name == engine).Texts;

    private static async Task<SiloStatus> SiloAsync(InProcessSilos silos, string name) =>
        (await silos.Backend.SilosAsync(default)).Single(silo => silo.Name == name);

    private static Task UntilStateAsync(InProcessSilos silos, string name, string state) => InProcessSilos.UntilAsync(
        async () => (await SiloAsync(silos, name)).State == state, () => $"{name} does not become {state}.");
}
