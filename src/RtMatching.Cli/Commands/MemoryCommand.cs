using System.CommandLine;
using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary><c>memory</c>: the learned map of Refined Thought's memory.</summary>
internal static class MemoryCommand
{
    private static readonly MemoryFitOptions Defaults = new();

    private static readonly Option<string?> Model = CommonOptions.Model();
    private static readonly Option<string> Corpus = new("--corpus")
    {
        Description = "Texts to fit on: a .jsonl file of {\"id\",\"text\"} lines, a file of lines, or a folder of .txt, .md and .jsonl files.",
        Required = true,
        HelpName = "PATH",
    };

    private static readonly Option<MemoryStates> States = MemoryOptions.States();
    private static readonly Option<double> Ridge = new("--ridge")
    {
        Description = "The penalty on the map's numbers, relative to the mean square of the states'.", DefaultValueFactory = _ => Defaults.Ridge, HelpName = "L",
    };

    private static readonly Option<int> Tokens = new("--tokens")
    {
        Description = "Tokens of the corpus to take, from its beginning.", DefaultValueFactory = _ => Defaults.MaxTokens, HelpName = "N",
    };

    private static readonly Option<string?> Output = new("--output") { Description = "Where the map goes; beside the model without it.", HelpName = "F.safetensors" };

    public static Command Create() => new("memory", "Fits the learned map of Refined Thought's memory.") { Fit() };

    /// <param name="File">Where the map lies.</param>
    /// <param name="Tokens">It was fitted on.</param>
    private sealed record Fitted(
        string File, string Model, MemoryStates States, double Ridge, long Texts, long Tokens, long HeldOutTokens, double R2, double Cosine);

    private static Command Fit()
    {
        var command = new Command(
            "fit", "Fits a linear map from a model's states to its input embeddings on a corpus, for --memory-scale learned-map.")
        {
            Model, Corpus, States, Ridge, Tokens, Output,
        };
        command.Validators.Add(result =>
        {
            if (result.IsGiven(Ridge) && result.GetValue(Ridge) is not (>= 0 and < double.PositiveInfinity)) result.AddError("--ridge: must be a number from 0 on");
            if (result.IsGiven(Tokens) && result.GetValue(Tokens) < 1) result.AddError("--tokens: must be at least 1");
        });
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var corpus = parsed.GetValue(Corpus)!;
        if (!Path.Exists(corpus)) throw new CommandException($"{corpus}: no such file or folder");
        using var model = LanguageModel.Load(ModelCatalog.Resolve(parsed.GetValue(Model)));
        var file = parsed.GetValue(Output) ?? MemoryMap.PathBeside(model.Path!);
        var options = new MemoryFitOptions(parsed.GetValue(States) == MemoryStates.PreNorm, parsed.GetValue(Ridge), parsed.GetValue(Tokens));
        var result = Write(file, () => Fit(model, options, corpus, cancellation));
        Print(parsed, file, model, result);
        return ExitCode.Ok;
    }

    private static MemoryFitResult Fit(LanguageModel model, MemoryFitOptions options, string corpus, CancellationToken cancellation)
    {
        using var progress = new ProgressLine("fitting", "tokens");
        var texts = CorpusTexts.ReadAsync(corpus, cancellation).ToBlockingEnumerable(cancellation);
        return new MemoryFit(model, options).Run(texts, (done, total) => progress.Report(done, total), cancellation);
    }

    /// <summary>Fits once the file is known to be writable: minutes of work must not end in a folder that is not.</summary>
    private static MemoryFitResult Write(string file, Func<MemoryFitResult> fit)
    {
        MemoryFitResult? result = null;
        var writable = false;
        try
        {
            AtomicFile.Write((file, stream =>
            {
                writable = true;
                result = fit();
                result.Map.Save(stream);
            }));
        }
        catch (Exception exception) when (!writable && exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"{file} cannot be written: {exception.Message.TrimEnd('.')}. Name another place with --output F, and embed with --memory-map F");
        }

        return result!;
    }

    private static void Print(ParseResult parsed, string file, LanguageModel model, MemoryFitResult result)
    {
        var origin = result.Map.Origin;
        var fitted = new Fitted(
            file, model.Name, origin.PreNorm ? MemoryStates.PreNorm : MemoryStates.FinalNorm, origin.Ridge, origin.Texts, origin.Tokens,
            result.HeldOutTokens, result.R2, result.Cosine);
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(fitted);
        else
            Terminal.WriteTable(["file", "texts", "tokens", "held-out tokens", "held-out R2", "held-out cosine"],
                [[file, Number(fitted.Texts), Number(fitted.Tokens), Number(fitted.HeldOutTokens), Share(fitted.R2), Share(fitted.Cosine)]]);
        var where = parsed.GetValue(Output) is null ? "" : $" --memory-map {file}";
        var states = origin.PreNorm ? " --memory-states pre-norm" : "";
        Terminal.Say($"embed with: --memory-scale learned-map{states}{where}");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
