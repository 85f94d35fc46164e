using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Tests.Evaluation.Sweeps;

/// <summary>Sweeps with the built-in model, and what of them is kept.</summary>
public sealed class SweepRunnerTests : IDisposable
{
    private static readonly string[] Texts = ["a cook", "the chef of a small restaurant", "a nurse on night shifts", "databases", "PostgreSQL", "a cook"];
    private static readonly SimilarityTask Task = Pairs(sided: false);

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-cache-").FullName;
    private readonly LanguageModel _model = LanguageModel.Load(null);

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void All_passes_are_what_the_embedder_gives_and_a_text_is_run_once()
    {
        var sweep = Run(null, Last(3))[0];
        Assert.Equal(5, sweep.Texts.Count);
        Assert.Equal(3, sweep.Passes);
        var expected = new TextEmbedder(_model).Embed([.. Task.Texts.Select(text => text.Text)], new EmbeddingOptions { Iterations = 3, AllIterations = true });
        for (var text = 0; text < expected.Count; text++)
        {
            for (var k = 1; k <= 3; k++) AssertClose(expected[text].Passes[k - 1].Vector, sweep.At(k)[text]);
            Assert.Equal(expected[text].Tokens, sweep.Texts[text].Tokens);
            Assert.Equal(3, sweep.Texts[text].Traces.Count);
        }

        Assert.Equal(expected.Sum(embedding => embedding.Tokens), sweep.ComputedTokens);
    }

    [Fact]
    public void One_side_keeps_its_first_pass_and_only_queries_are_instructed()
    {
        var task = Pairs(sided: true);
        var options = new EmbeddingOptions { Instruction = "Find the same work" };
        var sweep = new SweepRunner(_model).Run(task, [SweepConfiguration.Of(options, 2, RefinedSide.Query)])[0];
        var embedder = new TextEmbedder(_model);
        for (var i = 0; i < task.Texts.Count; i++)
        {
            var query = task.Texts[i].Side == RefinedSide.Query;
            var expected = embedder.Embed([task.Texts[i].Text], query ? options with { Iterations = 2 } : new EmbeddingOptions())[0];
            AssertClose(expected.Vector, sweep.At(2)[i]);
            Assert.Equal(query ? 2 : 1, sweep.Texts[i].Vectors.Count);
        }
    }

    [Fact]
    public void A_second_run_computes_nothing_and_gives_the_same()
    {
        var cache = new EmbeddingCache(_folder);
        var first = Run(cache, Last(3))[0];
        var told = new List<SweepProgress>();
        var second = new SweepRunner(_model, cache) { Progress = told.Add }.Run(Task, [Last(3)])[0];
        Assert.Equal(0, second.ComputedTokens);
        Assert.Equal([new SweepProgress(0, 0)], told);
        for (var k = 1; k <= 3; k++) Assert.Equal(first.At(k), second.At(k));
        Assert.Equal(first.Texts.SelectMany(text => text.Traces), second.Texts.SelectMany(text => text.Traces));
        Assert.Equal(first.Texts.Select(text => (text.Tokens, text.Truncated)), second.Texts.Select(text => (text.Tokens, text.Truncated)));

        var fewer = Run(cache, Last(2))[0];
        Assert.Equal((0, 2), (fewer.ComputedTokens, fewer.Passes));
        Assert.True(Run(cache, Last(4))[0].ComputedTokens > 0);
    }

    [Fact]
    public void Other_settings_are_other_vectors()
    {
        var cache = new EmbeddingCache(_folder);
        Run(cache, Last(1));
        Assert.True(Run(cache, SweepConfiguration.Of(new EmbeddingOptions { Dimension = 8 }, 1))[0].ComputedTokens > 0);
        Assert.True(Run(cache, SweepConfiguration.Of(new EmbeddingOptions { Instruction = "x" }, 1))[0].ComputedTokens > 0);
        Assert.True(Run(cache, SweepConfiguration.Of(new EmbeddingOptions { Pooling = PoolingKind.Mean }, 1))[0].ComputedTokens > 0);
        Assert.Equal(0, Run(cache, Last(1))[0].ComputedTokens);
    }

    [Fact]
    public void A_torn_tail_is_cut_and_what_stands_before_it_is_used()
    {
        var cache = new EmbeddingCache(_folder);
        Run(cache, Last(2));
        var file = CacheFiles().Single();
        var length = file.Length;
        using (var stream = file.OpenWrite()) stream.SetLength(length - 5);
        var again = Run(cache, Last(2))[0];
        Assert.InRange(again.ComputedTokens, 1, again.Texts.Sum(text => text.Tokens) - 1);
        Assert.Equal(length, CacheFiles().Single().Length);
        Assert.Equal(0, Run(cache, Last(2))[0].ComputedTokens);
    }

    [Theory]
    [InlineData(70)]        // in the first record
    [InlineData(20)]        // in the header: the file is begun anew
    public void A_damaged_byte_never_reaches_a_vector(int at)
    {
        var cache = new EmbeddingCache(_folder);
        var whole = Run(cache, Last(2))[0];
        using (var stream = CacheFiles().Single().Open(FileMode.Open))
        {
            stream.Position = at + 100 * (at / 70);
            var damaged = stream.ReadByte() ^ 0x40;
            stream.Position--;
            stream.WriteByte((byte)damaged);
        }

        var again = Run(cache, Last(2))[0];
        Assert.True(again.ComputedTokens > 0);
        for (var text = 0; text < whole.Texts.Count; text++) AssertClose(whole.At(2)[text], again.At(2)[text]);
        Assert.Equal(0, Run(cache, Last(2))[0].ComputedTokens);
    }

    [Fact]
    public void A_second_writer_reads_and_does_not_write()
    {
        var cache = new EmbeddingCache(_folder);
        Run(cache, Last(2));
        var options = Last(2).For(RefinedSide.Both);
        using (var first = cache.Open(_model, options))
        using (var second = cache.Open(_model, options))
        {
            Assert.True(first.Writes);
            Assert.False(second.Writes);
            Assert.NotNull(second.Find("a cook"));
            var length = CacheFiles().Single().Length;
            second.Add("new", second.Find("a cook")!);
            Assert.Equal(length, CacheFiles().Single().Length);
        }

        using var third = cache.Open(_model, options);
        Assert.True(third.Writes);
    }

    [Fact]
    public void Files_used_longest_ago_go_when_room_is_needed()
    {
        Run(new EmbeddingCache(_folder), Last(1));
        var old = CacheFiles().Single();
        old.LastWriteTimeUtc = DateTime.UtcNow.AddDays(-1);
        Run(new EmbeddingCache(_folder, limit: 2 * old.Length), Last(2));
        Assert.DoesNotContain(old.Name, CacheFiles().Select(file => file.Name));
        Assert.NotEmpty(CacheFiles());

        Run(new EmbeddingCache(_folder, limit: 10), Last(3));       // no record fits: it still gives vectors
        Assert.All(CacheFiles(), file => Assert.True(file.Length < 100));
    }

    [Fact]
    public void Where_nothing_can_be_written_it_says_so_once_and_runs()
    {
        var said = new List<string>();
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        var sweeps = new SweepRunner(_model, new EmbeddingCache(Path.Combine(_folder, "file"), say: said.Add))
            .Run(Task, [Last(1), SweepConfiguration.Of(new EmbeddingOptions { Pooling = PoolingKind.Mean }, 1)]);
        Assert.All(sweeps, sweep => Assert.Equal(5, sweep.Texts.Count));
        Assert.Single(said);
    }

    [Fact]
    public void What_was_computed_before_a_stop_is_kept()
    {
        var task = new SimilarityTask("many", [.. Enumerable.Range(0, 60).Select(i => new ScoredTexts(Long(i), Long(i + 100), i))]);
        using var stop = new CancellationTokenSource();
        var runner = new SweepRunner(_model, new EmbeddingCache(_folder))
        {
            Progress = progress =>
            {
                if (progress.Done > 0) stop.Cancel();
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => runner.Run(task, [Last(1)], stop.Token));
        var rest = new SweepRunner(_model, new EmbeddingCache(_folder)).Run(task, [Last(1)])[0];
        Assert.InRange(rest.ComputedTokens, 1, rest.Texts.Sum(text => text.Tokens) - 8000);

        static string Long(int i) => $"{i} " + string.Join(' ', Enumerable.Repeat("cooking", 90));
    }

    private static SimilarityTask Pairs(bool sided) =>
        new("pairs", [new ScoredTexts(Texts[0], Texts[1], 4), new ScoredTexts(Texts[2], Texts[3], 0), new ScoredTexts(Texts[5], Texts[4], 1)], sided);

    private static SweepConfiguration Last(int k) => SweepConfiguration.Of(new EmbeddingOptions(), k);

    private IReadOnlyList<Sweep> Run(EmbeddingCache? cache, SweepConfiguration configuration) => new SweepRunner(_model, cache).Run(Task, [configuration]);

    private FileInfo[] CacheFiles() => new DirectoryInfo(_folder).GetFiles("*" + EmbeddingCache.Extension);

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.True(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(expected, actual) > 0.99999f);
}
