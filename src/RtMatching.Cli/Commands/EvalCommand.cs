using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary><c>eval</c>: how well poolings and passes do on labelled data. Needs no database.</summary>
internal static class EvalCommand
{
    private static readonly Option<string?> Out = new("--out") { Description = "Write REPORT.json, REPORT.csv and REPORT.html; with one of these extensions that file alone.", HelpName = "REPORT" };
    private static readonly Option<string?> Paper = new("--paper")
    {
        Description = "Show what the paper published for pawsx, stsb or jd2cv beside; none shows nothing. Without it as the data looks.",
        HelpName = "TASK",
    };

    public static Command Create()
    {
        Paper.AcceptOnlyFromAmong([.. PublishedCurves.ByName.Keys, "none"]);
        return new Command("eval", "Tells how well poolings and numbers of passes do on labelled data; needs no database.")
        {
            Similarity(), Retrieval(), JobsToCvs(),
        };
    }

    private static Command Similarity()
    {
        var file = new Argument<string>("file") { Description = "Pairs with scores or labels." };
        var (pairs, sweep) = (new PairOptions(), new SweepOptions());
        var command = new Command("sts", "Semantic similarity of labelled pairs: Spearman's correlation, as MTEB defines it.") { file, Out, Paper };
        foreach (var option in (Option[])[.. pairs.All, .. sweep.All]) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var data = await PairFile.ReadAsync(parsed.GetValue(file)!, pairs.Read(parsed), cancellation);
            var task = new SimilarityTask(data.Name, data.Pairs, sweep.TellsSides(parsed));
            return Run(parsed, "sts", task, sweep, [], PublishedCurves.For(data), cancellation);
        });
        return command;
    }

    private static Command Retrieval()
    {
        var (retrieval, sweep) = (new RetrievalOptions(), new SweepOptions());
        var command = new Command("retrieval", "Ranking documents for queries, as nDCG and its kin: judged queries, or documents with the same label.") { Out };
        foreach (var option in (Option[])[.. retrieval.All, .. sweep.All]) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var task = await retrieval.ReadAsync(parsed, sweep.TellsSides(parsed) || sweep.Instructs(parsed), cancellation);
            return Run(parsed, "retrieval", task, sweep, retrieval.Notes(parsed, task), published: null, cancellation);
        });
        return command;
    }

    private static Command JobsToCvs()
    {
        var file = new Argument<string>("file") { Description = "Pairs of job and CV with a score, or with true and false." };
        var (pairs, sweep) = (new JobPairOptions(), new SweepOptions());
        var command = new Command("jd2cv", "Labelled pairs of job and CV: Spearman's correlation of graded scores, AUC of yes and no.") { file, Out, Paper };
        foreach (var option in (Option[])[.. pairs.All, .. sweep.All]) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var task = new JobCvTask(await JobPairs.ReadAsync(parsed.GetValue(file)!, pairs.Read(parsed), cancellation));
            return Run(parsed, "jd2cv", task, sweep, [], task.IsBinary ? null : PublishedCurves.JobToCv, cancellation);
        });
        return command;
    }

    private static int Run(
        ParseResult parsed, string kind, LabelledTask task, SweepOptions sweep, IReadOnlyList<string> notes, PublishedCurve? published,
        CancellationToken cancellation)
    {
        using var model = sweep.LoadModel(parsed);
        var configurations = sweep.Configurations(parsed, model);
        var sweeps = sweep.Run(parsed, model, task, configurations, cancellation);
        var stopped = configurations.Zip(sweeps)
            .Select(run => run.First.Options.Stop is { } rule ? TaskReport.Stopping(task, run.Second, rule, cancellation) : null).OfType<string>();
        var report = TaskReport.Of(kind, task, sweeps, model, [.. notes, .. stopped], cancellation) with { Published = Chosen(parsed, published) };
        Write(parsed, report);
        return ExitCode.Ok;
    }

    private static void Write(ParseResult parsed, EvaluationReport report)
    {
        if (parsed.GetValue(Out) is { } path)
            foreach (var written in ReportFiles.Write(path, report)) Terminal.Say($"wrote {written}");
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(EvaluationJson.Of(report));
        else EvaluationText.Write(report);
    }

    private static PublishedCurve? Chosen(ParseResult parsed, PublishedCurve? recognised) =>
        parsed.GetValue(Paper) is { } named ? PublishedCurves.ByName.GetValueOrDefault(named) : recognised;
}
