using System.CommandLine;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary><c>tune</c>: which pooling, how many passes and which stop rule labelled data asks for, and the profile that says so.</summary>
internal static class TuneCommand
{
    private const string Compare = "compare";

    private static readonly LabelledDataOptions Labelled = new();
    private static readonly SweepOptions Sweeps = new();
    private static readonly Option<string> Refine = new("--refine")
    {
        Description = "The side that takes passes 2 to K: both, query, document, or compare to try all three.",
        DefaultValueFactory = _ => "both",
    };

    private static readonly Option<string> Stop = new("--stop")
    {
        Description = "The stop rule to try: auto for a grid of them and a learned one, none, or one as `embed` takes it.",
        DefaultValueFactory = _ => "auto",
        HelpName = "RULE",
    };

    private static readonly Option<string?> Out = new("--out") { Description = "Write REPORT.json, REPORT.csv and REPORT.html; with one of these extensions that file alone.", HelpName = "REPORT" };
    private static readonly Option<string?> SaveProfile = new("--save-profile") { Description = "Store the choice as this task profile, or a new version of it.", HelpName = "NAME" };

    public static Command Create()
    {
        Refine.AcceptOnlyFromAmong("both", "query", "document", Compare);
        var command = new Command("tune", "Chooses pooling, passes and stop rule on labelled data, with error bars, and stores them as a profile.")
        {
            Labelled.File, Refine, Stop, Out, SaveProfile,
        };
        foreach (var option in (Option[])[.. Labelled.All, .. Sweeps.AllBut(Refine.Name, Stop.Name)]) command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = Settings(parsed);
        var name = parsed.GetValue(SaveProfile);
        if (name is not null && string.IsNullOrWhiteSpace(name)) throw new UsageException("--save-profile: name the profile");

        // Before hours of work, not after them.
        await using var database = name is null ? null : await Connection.OpenAsync(parsed, cancellation);
        var sided = settings.Sides is not [RefinedSide.Both] || Sweeps.Instructs(parsed);
        var data = await Labelled.ReadAsync(parsed, sided, cancellation);
        var task = data.Task;
        UnitRequirement.Check(task.Units, task.UnitName, task.Pairs?.Select(pair => pair.Score).ToArray());
        using var model = Sweeps.LoadModel(parsed);
        var configurations = Sweeps.Configurations(parsed, model);
        var sweeps = Sweeps.Run(parsed, model, task, configurations, cancellation);
        var tuning = Tuning.Of(task, [.. sweeps.Zip(configurations, (sweep, configuration) => (sweep, configuration.Options.ModelRuns))], settings, cancellation);
        var report = TaskReport.Of(data.Kind, task, tuning.Curves, model, [.. data.Notes, .. tuning.Notes]) with { Published = data.Published };
        var profile = database is null
            ? null
            : await ProfilesCommand.SaveAsync(database, name!, current => Profile(parsed, name!, current, model, tuning, configurations), cancellation);
        Write(parsed, tuning, report, profile);
        return ExitCode.Ok;
    }

    private static TuningSettings Settings(ParseResult parsed)
    {
        IReadOnlyList<RefinedSide> sides = parsed.GetValue(Refine) is Compare
            ? Enum.GetValues<RefinedSide>()
            : [Enum.Parse<RefinedSide>(parsed.GetValue(Refine)!, ignoreCase: true)];
        return parsed.GetValue(Stop) switch
        {
            "auto" => new TuningSettings(sides, StopCalibration.Grid, LearnStop: true),
            "none" => new TuningSettings(sides, []),
            var rule => new TuningSettings(sides, [Parse(rule!)]),
        };
    }

    private static StopRule Parse(string rule)
    {
        try
        {
            return StopRuleText.Parse(rule);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException($"--stop {rule}: {exception.Message}, or auto");
        }
    }

    /// <summary>What was measured, no more: the current profile's other settings stay.</summary>
    private static TaskProfile Profile(
        ParseResult parsed, string name, TaskProfile? current, LanguageModel model, Tuning tuning, IReadOnlyList<SweepConfiguration> configurations)
    {
        var chosen = tuning.Choice.Chosen.Candidate;
        var options = configurations.Single(configuration => configuration.Name == chosen.Sweep.Configuration).Options;
        var change = new ProfileChange
        {
            Pooling = options.Pooling,
            Iterations = tuning.Iterations,
            Stop = tuning.Rule ?? new NeverStops(),
            Refined = chosen.Side,
            Memory = MemoryChange.To(options.Memory),
            Layers = options.Layers ?? LayerRange.All,
            AppendEos = options.AppendEos,
            NoPrompt = options.NoPrompt,
            JobInstruction = options.Instruction ?? "",
            CvInstruction = "",
            MaxTokens = options.MaxTokens,
            Dimension = options.Dimension ?? DefaultProfiles.Dimension(options.VectorDimension(model.Config)),
        };
        return change.Apply(name, current, model, Sweeps.ModelPath(parsed));
    }

    private static void Write(ParseResult parsed, Tuning tuning, EvaluationReport report, ProfileVersion? profile)
    {
        var json = TuneJson.Of(tuning, report, profile);
        if (parsed.GetValue(Out) is { } path)
            foreach (var written in ReportFiles.Write(path, tuning, report, json)) Terminal.Say($"wrote {written}");
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(json);
        else WriteText(tuning, report);
        if (profile is not null) ProfilesCommand.Announce(profile, parsed.GetValue(CommonOptions.Json));
    }

    private static void WriteText(Tuning tuning, EvaluationReport report)
    {
        EvaluationText.Write(report);
        var text = new TuneText(tuning, report);
        if (tuning.Stop is not null)
        {
            Console.Out.WriteLine();
            Terminal.WriteTable(TuneText.StopHeader, text.StopRows());
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine(text.Choice);
        foreach (var sentence in text.Why) Console.Out.WriteLine(sentence);
    }
}
