using System.CommandLine;
using System.Globalization;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary><c>profiles</c>: how documents are embedded, by name and version.</summary>
internal static class ProfilesCommand
{
    private static readonly Argument<string> Name = new("name") { Description = "The profile's name." };

    public static Command Create() => new("profiles", "Lists, shows and sets task profiles: model, pooling, passes, preparation.") { List(), Show(), Set() };

    private static Command List()
    {
        var command = new Command("list", "Every profile version; rankings use the active one.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var database = await Connection.OpenAsync(parsed, cancellation);
            var versions = await new ProfileStore(database).ListAsync(cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(versions);
            else Terminal.WriteTable(["name", "version", "active", "model", "made for", "pooling", "k", "stop", "max tokens", "dimension", "redact"], versions.Select(Row));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string[] Row(ProfileVersion version) =>
    [
        version.Profile.Name, Number(version.Version), version.Active ? "yes" : "", version.Profile.ModelName, ModelsCommand.Name(version.Profile.Purpose), version.Profile.Pooling.Name(),
        Number(version.Profile.Iterations), version.Profile.Stop?.ToString() ?? "", Number(version.Profile.MaxTokens), Number(version.Profile.Dimension), version.Profile.Redact ? "yes" : "no",
    ];

    private static Command Show()
    {
        var command = new Command("show", "Every version of one profile, whole, as JSON.") { Name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var database = await Connection.OpenAsync(parsed, cancellation);
            var name = parsed.GetValue(Name)!;
            var versions = (await new ProfileStore(database).ListAsync(cancellation)).Where(v => v.Profile.Name == name).ToList();
            if (versions.Count == 0) throw new CommandException($"there is no profile '{name}'; 'rtmatch profiles list' shows them");
            JsonOutput.Write(versions);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Set()
    {
        var options = new ProfileOptions();
        var command = new Command("set", "Stores a profile, or a new version of it; what is not named stays, or is the model's default.") { Name };
        foreach (var option in options.All) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var database = await Connection.OpenAsync(parsed, cancellation);
            var name = parsed.GetValue(Name)!;
            var saved = await SaveAsync(database, name, current => options.Apply(parsed, name, current), cancellation);
            var json = parsed.GetValue(CommonOptions.Json);
            if (json) JsonOutput.Write(saved);
            Announce(saved, json);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Stores what <paramref name="change"/> makes of the newest version's settings, null where there is none.</summary>
    internal static async Task<ProfileVersion> SaveAsync(
        Database database, string name, Func<TaskProfile?, TaskProfile> change, CancellationToken cancellation)
    {
        var store = new ProfileStore(database);
        var newest = (await store.ListAsync(cancellation)).Where(v => v.Profile.Name == name).MaxBy(v => v.Version);
        return await store.SaveAsync(change(newest?.Profile), cancellation);
    }

    /// <summary>Says what was stored and what is to do before rankings use it.</summary>
    /// <param name="json">The profile stands in the JSON already.</param>
    internal static void Announce(ProfileVersion saved, bool json)
    {
        if (!json) Console.Out.WriteLine($"profile {saved.Profile.Name} version {saved.Version}{(saved.Active ? ", active" : "")}");
        if (!saved.Active)
            Terminal.Say($"rankings still use the version before; fill and switch with: rtmatch ingest --reembed --profile {saved.Profile.Name}");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The settings of a profile as options; one that is not given leaves its setting as it is.</summary>
    private sealed class ProfileOptions
    {
        private readonly Option<string?> _model = CommonOptions.Model();
        private readonly Option<PoolingKind> _pooling = VectorOptions.Pooling();
        private readonly Option<int> _iterations = new("--iterations") { Description = "Passes of Refined Thought.", HelpName = "K" };
        private readonly Option<StopRule?> _stop = StopRuleText.Option();
        private readonly Option<RefinedSide> _refined = WordOption.Of<RefinedSide>("--refined", "Side of a ranking that takes passes 2 to k, jobs being queries");
        private readonly MemoryOptions _memory = new();
        private readonly Option<int> _maxTokens = new("--max-tokens") { Description = "Longer documents are split.", HelpName = "N" };
        private readonly Option<double> _laterParts = new("--later-parts")
        {
            Description = "What each part of a split document weighs beside the one before, 0 to 1.", HelpName = "X",
        };
        private readonly Option<int> _dimension = new("--dim") { Description = "Of the stored vectors.", HelpName = "D" };
        private readonly Option<string?> _jobInstruction = new("--job-instruction") { Description = "Put before a job's text; empty for none.", HelpName = "T" };
        private readonly Option<string?> _cvInstruction = new("--cv-instruction") { Description = "Put before a CV's text; empty for none.", HelpName = "T" };
        private readonly Option<AppendEos> _eos = new("--append-eos") { Description = "auto, always or never." };
        private readonly Option<bool> _noPrompt = new("--no-prompt") { Description = "Without the pooling's template." };
        private readonly Option<LayerRange?> _layers = VectorOptions.Layers();
        private readonly Option<bool> _redact = new("--redact") { Description = "Keep contacts and names out of what is embedded: true or false." };

        public IEnumerable<Option> All =>
            [_model, _pooling, _iterations, _stop, _refined, .. _memory.All, _maxTokens, _laterParts, _dimension, _jobInstruction, _cvInstruction, _eos, _noPrompt, _layers, _redact];

        public TaskProfile Apply(ParseResult parsed, string name, TaskProfile? current)
        {
            var path = parsed.IsGiven(_model) ? ModelCatalog.Resolve(parsed.GetValue(_model)) : current?.ModelPath;
            using var model = LanguageModel.Load(path);
            return Change(parsed).Apply(name, current, model, path);
        }

        private ProfileChange Change(ParseResult parsed) => new()
        {
            Pooling = parsed.Given(_pooling),
            Iterations = parsed.Given(_iterations),
            Stop = parsed.GetValue(_stop),
            Refined = parsed.Given(_refined),
            Memory = _memory.Change(parsed),
            MaxTokens = parsed.Given(_maxTokens),
            LaterParts = parsed.Given(_laterParts),
            Dimension = parsed.Given(_dimension),
            JobInstruction = parsed.GetValue(_jobInstruction),
            CvInstruction = parsed.GetValue(_cvInstruction),
            AppendEos = parsed.Given(_eos),
            NoPrompt = parsed.Given(_noPrompt),
            Layers = parsed.GetValue(_layers),
            Redact = parsed.Given(_redact),
        };
    }
}
