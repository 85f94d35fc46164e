using System.CommandLine;
using RtMatching.Cli.Input;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary>How a text becomes a vector, as options of the commands that work without a profile.</summary>
internal sealed class VectorOptions
{
    private readonly Option<string?> _instruction = new("--instruction") { Description = "Embed 'Instruct: T\\nQuery:' and the text.", HelpName = "T" };
    private readonly Option<bool> _noPrompt = new("--no-prompt") { Description = "Embed the bare text where the pooling would wrap it in a template." };
    private readonly Option<AppendEos> _eos = new("--append-eos") { Description = "Append the model's end token: auto, always or never.", DefaultValueFactory = _ => AppendEos.Auto };
    private readonly Option<int?> _dimension = new("--dim") { Description = "Keep the first D dimensions and normalise again.", HelpName = "D" };
    private readonly Option<StopRule?> _stop = StopRuleText.Option();
    private readonly MemoryOptions _memory = new();

    private readonly Option<LayerRange?> _layers = Layers();

    public IEnumerable<Option> All => [_instruction, _noPrompt, _eos, _dimension, _stop, _layers, .. _memory.All];

    /// <summary>The options given, with pooling and passes left at their defaults.</summary>
    public EmbeddingOptions Read(ParseResult parsed) => new()
    {
        Instruction = parsed.GetValue(_instruction),
        NoPrompt = parsed.GetValue(_noPrompt),
        AppendEos = parsed.GetValue(_eos),
        Dimension = parsed.GetValue(_dimension),
        Stop = parsed.GetValue(_stop) is { } stop and not NeverStops ? stop : null,
        Layers = parsed.GetValue(_layers),
        Memory = _memory.Change(parsed).Apply(MemorySettings.Default),
    };

    /// <summary>One pooling.</summary>
    public static Option<PoolingKind> Pooling() => new("--pooling")
    {
        Description = $"{Names}.",
        DefaultValueFactory = _ => PoolingKind.Last,
        CustomParser = result =>
        {
            if (Find(result.Tokens[0].Value) is { } kind) return kind;
            result.AddError($"--pooling {result.Tokens[0].Value}: not one of {Names}");
            return default;
        },
    };

    /// <summary>Several, each once, in the order given; none where none is named.</summary>
    public static Option<PoolingKind[]> Poolings() => new("--pooling")
    {
        Description = $"One or several with commas, of {Names}; without it those that suit the model.",
        HelpName = "A,B",
        CustomParser = result =>
        {
            var names = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (names.FirstOrDefault(name => Find(name) is null) is { } unknown) result.AddError($"--pooling {unknown}: not one of {Names}");
            else if (names.Length == 0) result.AddError($"--pooling: name one or several of {Names}");
            else return [.. names.Select(name => Find(name)!.Value).Distinct()];
            return [];
        },
    };

    /// <summary>Those that VA and AlignedWVA read.</summary>
    public static Option<LayerRange?> Layers() => new("--layers")
    {
        Description = "Of va and aligned-wva: the layers read, for example 4..12; all of them without it.",
        HelpName = "A..B",
        CustomParser = result =>
        {
            if (LayerRange.TryParse(result.Tokens[0].Value, out var layers)) return layers;
            result.AddError($"--layers {result.Tokens[0].Value}: write {LayerRange.Form}");
            return null;
        },
    };

    private static string Names => string.Join(", ", Enum.GetValues<PoolingKind>().Select(kind => kind.Name()));

    private static PoolingKind? Find(string name) =>
        Enum.GetValues<PoolingKind>().Cast<PoolingKind?>().FirstOrDefault(kind => kind!.Value.Name() == name.ToLowerInvariant());
}
