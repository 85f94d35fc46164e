using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Tests.Evaluation.Data;

/// <summary>The published files, read where they lie; not applicable where RTMATCH_DATA names no folder of them.</summary>
public class SharedDataTests
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("RTMATCH_DATA");

    [Theory]
    [InlineData("sts-b-en/sts-dev.tsv", PairFormat.StsbEn, 1500)]
    [InlineData("sts-b-en/sts-train.tsv", PairFormat.StsbEn, 5749)]
    [InlineData("sts-b-zh/cnsd-sts-dev.txt", PairFormat.StsbZh, 1458)]
    [InlineData("sts-b-zh/cnsd-sts-train.txt", PairFormat.StsbZh, 5231)]
    [InlineData("pawsx-zh/dev_2k.tsv", PairFormat.Pawsx, 2000)]
    [InlineData("lcqmc/dev.txt", PairFormat.Lcqmc, 8802)]
    [InlineData("afqmc/dev.txt", PairFormat.Lcqmc, 4316)]
    [InlineData("afqmc/train.txt", PairFormat.Lcqmc, 34334)]
    [InlineData("msrp-en/msr-para-train.tsv", PairFormat.Msrp, 3576)]
    [InlineData("msrp-en/msr-para-val.tsv", PairFormat.Msrp, 500)]
    public async Task Pairs_are_all_read(string path, PairFormat format, int count)
    {
        if (Folder is null) return;
        var file = await PairFile.ReadAsync(Path.Combine(Folder, path));
        Assert.Equal((format, count), (file.Format, file.Pairs.Count));
    }

    [Fact]
    public async Task Jobs_and_cvs_are_all_read()
    {
        if (Folder is null) return;
        var jobs = Path.Combine(Folder, "jd-relevance-panoslin");
        var pairs = await JobPairs.ReadAsync(Path.Combine(jobs, "job_descriptions.csv"), new JobPairReading { Cv = Path.Combine(jobs, "resume_redacted.txt") });
        Assert.Equal(320, pairs.Pairs.Count);
        var cvs = await RetrievalData.ReadLabelledAsync(Path.Combine(Folder, "resume-kaggle-2484", "resumes.jsonl"), "category");
        Assert.Equal(1236, cvs.Documents.Count);
    }
}
