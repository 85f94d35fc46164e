using System.CommandLine;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary>A labelled task as it was read.</summary>
/// <param name="Kind"><c>sts</c>, <c>jd2cv</c> or <c>retrieval</c>.</param>
/// <param name="Notes">Of the data.</param>
internal sealed record LabelledData(string Kind, LabelledTask Task, IReadOnlyList<string> Notes, PublishedCurve? Published);

/// <summary>Labelled data of any kind in one command: everything that <c>eval</c>'s commands take, and which of them it is.</summary>
internal sealed class LabelledDataOptions
{
    private const string Similarity = "sts";
    private const string JobsToCvs = "jd2cv";
    private const string Retrieval = "retrieval";

    private readonly Option<string?> _task = new("--task")
    {
        Description = "What the data is: sts (pairs of texts), jd2cv (pairs of job and CV) or retrieval (--corpus and what is relevant); as the data looks without it.",
    };

    private readonly JobPairOptions _pairs = new();
    private readonly RetrievalOptions _retrieval = new();
    private readonly IReadOnlyList<Option> _retrievalOptions;

    public LabelledDataOptions()
    {
        _task.AcceptOnlyFromAmong(Similarity, JobsToCvs, Retrieval);
        _retrievalOptions = [.. _retrieval.All];
        foreach (var option in _retrievalOptions) option.Required = false;       // of this command only retrieval needs them
    }

    public Argument<string?> File { get; } = new("file") { Description = "Pairs with scores or labels; not for retrieval.", Arity = ArgumentArity.ZeroOrOne };

    public IEnumerable<Option> All => [_task, .. _pairs.All, .. _retrievalOptions];

    /// <param name="sided">Queries and documents are told apart.</param>
    /// <exception cref="UsageException">Options that do not go together, or no data.</exception>
    public async Task<LabelledData> ReadAsync(ParseResult parsed, bool sided, CancellationToken cancellation)
    {
        var kind = parsed.GetValue(_task) ?? (_retrievalOptions.Any(option => parsed.IsGiven(option)) ? Retrieval : null);
        if (kind == Retrieval) return await ReadRetrievalAsync(parsed, sided, cancellation);
        var file = parsed.GetValue(File) ?? throw new UsageException("name a file of labelled pairs, or --corpus and what is relevant in it");
        var reading = _pairs.Read(parsed);
        var ofJobs = reading is not { Jobs: null, Cvs: null, Cv: null };
        kind ??= ofJobs || await JobPairs.AreInAsync(file, cancellation) ? JobsToCvs : Similarity;
        if (kind == JobsToCvs) return OfJobs(await JobPairs.ReadAsync(file, reading, cancellation));
        if (ofJobs) throw new UsageException("--jobs, --cvs and --cv belong to --task jd2cv");
        var data = await PairFile.ReadAsync(file, new PairReading { Format = reading.Format, Columns = reading.Columns, Limit = reading.Limit }, cancellation);
        return new LabelledData(Similarity, new SimilarityTask(data.Name, data.Pairs, sided), [], PublishedCurves.For(data));
    }

    private static LabelledData OfJobs(JobPairs data)
    {
        var task = new JobCvTask(data);
        return new LabelledData(JobsToCvs, task, [], task.IsBinary ? null : PublishedCurves.JobToCv);
    }

    private async Task<LabelledData> ReadRetrievalAsync(ParseResult parsed, bool sided, CancellationToken cancellation)
    {
        if (parsed.GetValue(File) is not null || _pairs.All.Any(option => parsed.IsGiven(option)))
            throw new UsageException("retrieval takes --corpus with --queries and --qrels, or with --same, and no file of pairs");
        if (!parsed.IsGiven(_retrievalOptions[0])) throw new UsageException("--task retrieval needs --corpus FILE");
        var task = await _retrieval.ReadAsync(parsed, sided, cancellation);
        return new LabelledData(Retrieval, task, _retrieval.Notes(parsed, task), Published: null);
    }
}
