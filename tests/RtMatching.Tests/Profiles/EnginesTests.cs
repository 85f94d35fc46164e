using Microsoft.Extensions.Logging.Abstractions;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Profiles;

/// <summary>The models of a process: each loaded once, and what became of those that could not be.</summary>
public class EnginesTests
{
    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_told_until_a_later_call_loads_it()
    {
        var isThere = false;
        await using var engines = new Engines(
            path => isThere ? Model() : throw new InvalidModelException($"{path}: there is no model."), NullLogger.Instance);
        var before = DateTimeOffset.UtcNow;

        await Assert.ThrowsAsync<InvalidModelException>(() => engines.GetAsync("gone", default));
        var problem = Assert.Single(engines.LoadProblems);
        Assert.Equal(("gone", "gone: there is no model."), (problem.Path, problem.Message));
        Assert.InRange(problem.At, before, DateTimeOffset.UtcNow);
        Assert.Empty(engines.Loaded);

        isThere = true;
        var loaded = await engines.GetAsync("gone", default);
        Assert.Empty(engines.LoadProblems);
        Assert.Same(loaded, Assert.Single(engines.Loaded));
    }

    [Fact]
    public async Task A_failure_of_another_kind_is_told_by_its_name_alone()
    {
        await using var engines = new Engines(_ => throw new IOException("/a/secret/path"), NullLogger.Instance);
        await Assert.ThrowsAsync<IOException>(() => engines.GetAsync(null, default));

        Assert.Equal("The model could not be loaded: IOException.", Assert.Single(engines.LoadProblems).Message);
    }

    [Fact]
    public async Task Many_that_ask_at_once_get_one_engine_and_hear_of_its_failure()
    {
        var loads = 0;
        var gone = false;
        await using var engines = new Engines(_ =>
        {
            Interlocked.Increment(ref loads);
            return Model(new ScriptedDecoder { Prefilling = _ => { if (Volatile.Read(ref gone)) throw new IOException(); } });
        }, NullLogger.Instance, new EngineSettings { FirstPause = TimeSpan.FromMilliseconds(10) });
        var told = new List<string?>();
        engines.Changed += engine => { lock (told) told.Add(engine.Problem); };

        var got = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => engines.GetAsync(null, default)));
        Assert.Equal(1, loads);
        Assert.All(got, engine => Assert.Same(got[0], engine));

        Volatile.Write(ref gone, true);
        await Assert.ThrowsAsync<EngineFailedException>(() => got[0].EmbedAsync(["text"], new(), EnginePriority.Background));
        Volatile.Write(ref gone, false);
        await Batching.EngineBench.UntilAsync(() => { lock (told) return told.Count == 3; });
        Assert.Equal([true, false, true], told.Select(problem => problem is null));
    }

    private static LanguageModel Model(ScriptedDecoder? decoder = null) =>
        new("scripted", "00", new ByteTokenizer(suffix: [0]), decoder ?? new ScriptedDecoder());
}
