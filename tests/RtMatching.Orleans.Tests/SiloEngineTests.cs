using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;
using RtMatching.Silo;

namespace RtMatching.Orleans.Tests;

public class SiloEngineTests
{
    [Fact]
    public void Each_gpu_has_a_batch_that_runs_and_one_that_is_prepared_and_both_are_larger_than_a_cpus()
    {
        var options = new IngestionOptions();
        var (cpu, gpus) = (new SiloEngine("cpu", LanguageModel.Load), new SiloEngine("torch cuda:0,cuda:1 bf16", LanguageModel.Load, Gpus: 2));
        Assert.Equal((2, 4), (cpu.EmbedWindow, gpus.EmbedWindow));
        Assert.Same(options, cpu.Pace(options));
        Assert.True(gpus.Pace(options).EmbedBatch >= 512);

        // About five characters a token: no less than the largest batch that a GPU is given.
        Assert.True(gpus.Pace(options).EmbedBatchCharacters / 5 >= 65_536);
    }
}
