using System.CommandLine;
using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Inference.Model;

namespace RtMatching.Cli.Commands;

/// <summary><c>models</c>: which models are at hand, as their headers tell.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "Lists and shows models: the built-in one and those in the folder RTMATCH_MODELS.") { List(), Show() };

    private static Command List()
    {
        var command = new Command("list", "The models at hand.");
        command.SetAction(parsed =>
        {
            var models = ModelCatalog.List().Select(model => model.WithPurpose()).ToList();
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(models);
            else Terminal.WriteTable(["name", "family", "made for", "layers", "hidden", "window", "format", "types", "MB", "problem"], models.Select(Row));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string[] Row(ModelDescription model) =>
    [
        model.Name, model.Config?.Family.ToString() ?? "", Name(model.Purpose?.Task), Number(model.Config?.Layers), Number(model.Config?.Hidden), Number(model.Config?.Window),
        model.Format, model.TensorTypes, Number(model.Bytes / 1_000_000), model.Problem ?? "",
    ];

    private static Command Show()
    {
        var name = new Argument<string>("model") { Description = "A path, or a name that the list shows." };
        var command = new Command("show", "One model, whole, as JSON.") { name };
        command.SetAction(parsed =>
        {
            JsonOutput.Write(ModelCatalog.Describe(ModelCatalog.Resolve(parsed.GetValue(name)) ?? BuiltInModel.Path).WithPurpose());
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>As people say it.</summary>
    internal static string Name(ModelTask? task) => task switch
    {
        ModelTask.Embedding => "embedding",
        ModelTask.LanguageModel => "language model",
        _ => "",
    };

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
