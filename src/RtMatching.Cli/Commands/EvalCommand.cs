using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary><c>eval</c>: how well poolings and passes do on labelled data. Needs no database.</summary>
internal static class EvalCommand
{
    public static Command Create() => new("eval", "Tells how well poolings and numbers of passes do on labelled data; needs no database.") { Similarity() };

    private static readonly Option<string?> Out = new("--out") { Description = "Write REPORT.json, REPORT.csv and REPORT.html; with one of these extensions that file alone.", HelpName = "REPORT" };

    private static Command Similarity()
    {
        var file = new Argument<string>("file") { Description = "Pairs with scores or labels." };
        var (pairs, sweep) = (new PairOptions(), new SweepOptions());
        var command = new Command("sts", "Semantic similarity of labelled pairs: Spearman's correlation, as MTEB defines it.") { file, Out };
        foreach (var option in (Option[])[.. pairs.All, .. sweep.All]) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var data = await PairFile.ReadAsync(parsed.GetValue(file)!, pairs.Read(parsed), cancellation);
            var task = new SimilarityTask(data.Name, data.Pairs, sweep.TellsSides(parsed));
            return Run(parsed, "sts", task, sweep, [], cancellation);
        });
        return command;
    }

    private static int Run(
        ParseResult parsed, string kind, LabelledTask task, SweepOptions sweep, IReadOnlyList<string> notes, CancellationToken cancellation)
    {
        using var model = sweep.LoadModel(parsed);
        var configurations = sweep.Configurations(parsed, model);
        var sweeps = sweep.Run(parsed, model, task, configurations, cancellation);
        var report = TaskReport.Of(kind, task, sweeps, model, notes, cancellation);
        if (parsed.GetValue(Out) is { } path)
            foreach (var written in ReportFiles.Write(path, report)) Terminal.Say($"wrote {written}");
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(EvaluationJson.Of(report));
        else EvaluationText.Write(report);
        return ExitCode.Ok;
    }
}
