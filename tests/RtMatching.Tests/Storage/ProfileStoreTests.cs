using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Refinement;

namespace RtMatching.Tests.Storage;

public class ProfileStoreTests
{
    [Fact]
    public async Task The_first_version_is_active_and_comes_back_as_it_was_saved()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        var profile = StoredDocuments.Profile() with { ModelPath = "/models/a", JobInstruction = "Find people", Redact = false };
        var saved = await store.SaveAsync(profile);
        Assert.True(saved.Active);
        Assert.Equal(profile, (await store.FindActiveAsync("jd2cv"))!.Profile);
        Assert.Null(await store.FindActiveAsync("other"));
    }

    [Fact]
    public async Task A_stop_rule_comes_back_as_it_was_saved_and_makes_no_new_version()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        StopRule[] rules =
        [
            new StableChange(0.03f), new StableSecondChange(1e-5f),
            StopRuleTests.Learned(),
        ];
        foreach (var rule in rules)
        {
            var saved = await store.SaveAsync(StoredDocuments.Profile(iterations: 4) with { Stop = rule });
            Assert.Equal(rule, saved.Profile.Stop);
            Assert.Equal(saved.Id, (await store.SaveAsync(saved.Profile)).Id);
        }

        Assert.Equal(rules.Length, (await store.ListAsync()).Count);
    }

    [Fact]
    public async Task Saving_the_same_profile_again_gives_the_same_version_also_when_the_model_was_moved()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        var first = await store.SaveAsync(StoredDocuments.Profile() with { ModelPath = "/models/a" });
        var again = await store.SaveAsync(StoredDocuments.Profile() with { ModelPath = "/elsewhere/a" });
        Assert.Equal((first.Id, first.Version), (again.Id, again.Version));
        Assert.Equal("/elsewhere/a", again.Profile.ModelPath);
    }

    [Fact]
    public async Task Layers_make_a_version_and_what_the_model_was_made_for_makes_none()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        var first = await store.SaveAsync(StoredDocuments.Profile());
        var told = await store.SaveAsync(StoredDocuments.Profile() with { Purpose = ModelTask.Embedding });
        var ranged = await store.SaveAsync(StoredDocuments.Profile() with { Pooling = PoolingKind.Va, Layers = new(1, 2) });
        Assert.Equal((first.Id, ModelTask.Embedding), (told.Id, told.Profile.Purpose));
        Assert.NotEqual(first.Id, ranged.Id);
        Assert.Equal(new LayerRange(1, 2), ranged.Profile.Layers);
    }

    [Fact]
    public async Task Memory_settings_are_part_of_a_version_but_not_where_their_map_lies()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        var memory = new MemorySettings { Head = 2, TextOnly = true, PreNorm = true, Scale = MemoryScale.LearnedMap, Map = "/a/map", MapHash = "ab" };
        var first = await store.SaveAsync(StoredDocuments.Profile() with { Refined = RefinedSide.Query, Memory = memory });
        Assert.Equal((RefinedSide.Query, memory), (first.Profile.Refined, first.Profile.Memory));

        var moved = await store.SaveAsync(first.Profile with { Memory = memory with { Map = "/b/map" } });
        var other = await store.SaveAsync(first.Profile with { Memory = memory with { MapHash = "cd" } });

        Assert.Equal((first.Version, "/b/map"), (moved.Version, moved.Profile.Memory!.Map));
        Assert.NotEqual(first.Version, other.Version);
    }

    [Fact]
    public async Task A_new_version_waits_until_every_current_document_has_a_vector_in_it()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        var old = await store.SaveAsync(StoredDocuments.Profile());
        await test.AddAsync("a", "text a", old);
        await test.AddAsync("b", "text b", old);

        var next = await store.SaveAsync(StoredDocuments.Profile(iterations: 2));
        Assert.False(next.Active);
        Assert.Equal(2, await store.ActivateAsync(next.Id));
        Assert.Equal(old.Id, (await store.FindActiveAsync("jd2cv"))!.Id);

        await test.AddAsync("a", "text a", next);
        await test.AddAsync("b", "text b", next);
        Assert.Equal(0, await store.ActivateAsync(next.Id));
        Assert.Equal(next.Id, (await store.FindActiveAsync("jd2cv"))!.Id);
    }

    [Fact]
    public async Task A_new_version_of_a_profile_without_vectors_is_active_at_once()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ProfileStore(test.Database);
        await store.SaveAsync(StoredDocuments.Profile());
        Assert.True((await store.SaveAsync(StoredDocuments.Profile(iterations: 3))).Active);
    }

    [Fact]
    public async Task Saving_at_once_from_many_processes_makes_one_version()
    {
        await using var test = await TestDatabase.CreateAsync();
        var saved = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile())));
        Assert.Single(saved.Select(version => version.Id).Distinct());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_dimension_that_cannot_be_indexed_is_refused(int dimension)
    {
        await using var test = await TestDatabase.CreateAsync();
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile(dimension: dimension)));
        Assert.Contains("4000", refusal.Message, StringComparison.Ordinal);
    }
}
