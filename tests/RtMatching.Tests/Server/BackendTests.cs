using Microsoft.Extensions.DependencyInjection;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Server;
using RtMatching.Server.Backend;

namespace RtMatching.Tests.Server;

/// <summary>The work behind the endpoints, in the server's process, with the built-in model.</summary>
public class BackendTests
{
    private const string Job = "Nurse for intensive care: monitors patients, gives medication, keeps records.";

    [Fact]
    public async Task What_is_ingested_ranks()
    {
        await using var server = await ServerHost.StartAsync();
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        using var service = new IngestionService(server.Test.Database);
        var id = await service.StartAsync(new IngestionRequest(), Cvs("nurse monitors patients in intensive care", "cook prepares fish and sauces"));
        await backend.StartIngestionAsync(id, default);
        await UntilAsync(async () => (await service.ShowAsync(id)).Summary.State == IngestionState.Done);

        var answer = await backend.RankAsync("jd2cv", DocumentKind.Cv, new RankingRequest { Text = Job, Explain = true }, default);

        Assert.Equal(["cv 0", "cv 1"], answer.Ranking.Select(place => place.ExternalId));
        Assert.Equal(1, answer.Profile.Version);
        Assert.NotEmpty(answer.Ranking[0].Explanation!.Requirements);
    }

    [Fact]
    public async Task An_unknown_profile_is_told()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        await Assert.ThrowsAsync<KeyNotFoundException>(() => backend.RankAsync("nobody", DocumentKind.Cv, new RankingRequest { Text = Job }, default));
    }

    [Fact]
    public async Task A_hundred_requests_at_once_get_what_each_gets_alone()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        using var model = LanguageModel.Load(null);
        var alone = new TextEmbedder(model);
        EmbeddingOptions[] options = [new(), new() { Iterations = 2 }];
        var texts = Enumerable.Range(0, 100).Select(i => $"worked {i} years as {(i % 3 == 0 ? "a nurse" : "a cook in a large kitchen")}").ToArray();

        var answers = await Task.WhenAll(texts.Select((text, i) => backend.EmbedAsync(null, [text], options[i / 10 % 2], default)));
        var large = await backend.EmbedAsync(null, texts, options[0], default);

        for (var i = 0; i < texts.Length; i++)
        {
            var expected = alone.Embed([texts[i]], options[i / 10 % 2])[0].Vector;
            Assert.InRange(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(expected, answers[i][0].Vector), 0.99999f, 1.00001f);
        }

        Assert.Equal(100, large.Count);
        var engine = Assert.Single(await backend.EnginesAsync(default));
        Assert.InRange(engine.Texts, 200, 201);         // one more where it has warmed up already
        Assert.True(engine.Tokens > 1000);
    }

    [Fact]
    public async Task A_text_that_fails_fails_for_its_sender_alone()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        var sent = Enumerable.Range(0, 20).Select(i => backend.EmbedAsync(null, [i == 7 ? null! : $"text {i}"], new(), default)).ToList();

        await Assert.ThrowsAsync<ArgumentException>(() => sent[7]);
        sent.RemoveAt(7);
        Assert.All(await Task.WhenAll(sent), embeddings => Assert.Single(embeddings));
    }

    [Fact]
    public async Task Models_are_named_and_never_paths()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();

        Assert.Single(await backend.EmbedAsync("rt-mini", ["text"], new EmbeddingOptions(), default));
        foreach (var name in new[] { "nothing", BuiltInModel.Path, "../rt-mini", "" })
            await Assert.ThrowsAsync<KeyNotFoundException>(() => backend.EmbedAsync(name, ["text"], new EmbeddingOptions(), default));
        await Assert.ThrowsAsync<ArgumentException>(() => backend.EmbedAsync(null, ["text"], new EmbeddingOptions { Dimension = 100_000 }, default));
    }

    [Fact]
    public async Task The_engine_becomes_ready_by_itself_and_says_what_it_works_on()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = IngestionStages.Parse });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        await UntilAsync(async () => (await backend.EnginesAsync(default))[0].Ready);

        var engine = Assert.Single(await backend.EnginesAsync(default));
        Assert.Equal(["rt-mini", "parse"], engine.Models.Concat(engine.Work));
        Assert.Null(engine.Problem);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_told()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Profile = "broken", Work = 0 }, services: test =>
        {
            new Core.Storage.ProfileStore(test.Database).SaveAsync(new TaskProfile
            {
                Name = "broken", ModelPath = "/nowhere/at-all", ModelName = "gone", WeightsHash = "00", MaxTokens = 512, Dimension = 256,
            }).GetAwaiter().GetResult();
            return _ => { };
        });
        var backend = server.Services.GetRequiredService<IMatchingBackend>();
        await UntilAsync(async () => (await backend.EnginesAsync(default))[0].Problem is not null);

        Assert.Contains("/nowhere/at-all", (await backend.EnginesAsync(default))[0].Problem);
        Assert.False((await backend.EnginesAsync(default))[0].Ready);
    }

    private static async IAsyncEnumerable<SourceItem> Cvs(params string[] texts)
    {
        await Task.Yield();
        for (var i = 0; i < texts.Length; i++)
            yield return new SourceItem($"cv {i}", "made", $"cv {i}", System.Text.Encoding.UTF8.GetBytes(texts[i]));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds()) await Task.Delay(20, patience.Token);
    }
}
