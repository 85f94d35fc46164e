using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Cli.Commands;

/// <summary>Which configurations are run over a labelled file and how: shared by the commands that evaluate and tune.</summary>
internal sealed class SweepOptions
{
    private const int DefaultPasses = 12;
    private const int MaxPasses = 100;
    private const long Megabyte = 1L << 20;

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<PoolingKind[]> _poolings = VectorOptions.Poolings();
    private readonly Option<int> _k = new("--k") { Description = "Passes of Refined Thought to look at, 1 to K, where the pooling takes passes.", DefaultValueFactory = _ => DefaultPasses, HelpName = "K" };
    private readonly Option<RefinedSide> _refine = new("--refine") { Description = "The side that takes passes 2 to K: both, query (of pairs the first text) or document.", DefaultValueFactory = _ => RefinedSide.Both };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "Texts are cut here; at the model's window without it.", HelpName = "N" };
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Neither use nor keep vectors of other evaluations." };
    private readonly Option<int> _cacheLimit = new("--cache-limit") { Description = "MB of kept vectors; those used longest ago go first.", DefaultValueFactory = _ => (int)(EmbeddingCache.DefaultLimit / Megabyte), HelpName = "MB" };
    private readonly VectorOptions _vector = new();

    public SweepOptions()
    {
        _k.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MaxPasses) result.AddError($"--k must be 1 to {MaxPasses}");
        });
        _cacheLimit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--cache-limit must be at least 1; --no-cache keeps nothing");
        });
    }

    public IEnumerable<Option> All => [_model, _poolings, _k, _refine, _maxTokens, _noCache, _cacheLimit, .. _vector.All];

    /// <summary>For a command that asks for these in its own way.</summary>
    public IEnumerable<Option> AllBut(params string[] names) => All.Where(option => !names.Contains(option.Name));

    /// <summary>The two texts of a pair are told apart: one is the query, the other the document.</summary>
    public bool TellsSides(ParseResult parsed) => parsed.GetValue(_refine) != RefinedSide.Both;

    /// <summary>One side gets an instruction that the other does not.</summary>
    public bool Instructs(ParseResult parsed) => _vector.Read(parsed).Instruction is not null;

    public LanguageModel LoadModel(ParseResult parsed) => LanguageModel.Load(ModelPath(parsed));

    /// <summary>Null for the built-in model.</summary>
    public string? ModelPath(ParseResult parsed) => ModelCatalog.Resolve(parsed.GetValue(_model));

    /// <summary>One for each pooling named, or for each that suits the model.</summary>
    public IReadOnlyList<SweepConfiguration> Configurations(ParseResult parsed, LanguageModel model)
    {
        var options = _vector.Read(parsed) with { MaxTokens = parsed.GetValue(_maxTokens) };
        var poolings = parsed.GetValue(_poolings) is { Length: > 0 } named ? named : Suited(model);
        return
        [
            .. poolings.Select(pooling => options with { Pooling = pooling }).Select(one => poolings.Length == 1 ? one : Fitted(one))
                .Select(one => SweepConfiguration.Of(one, parsed.GetValue(_k), parsed.GetValue(_refine))),
        ];
    }

    /// <summary>Where several poolings are compared, an option is for those that can honour it; one alone is refused what it cannot.</summary>
    private static EmbeddingOptions Fitted(EmbeddingOptions options) => options with
    {
        Layers = options.Pooling is PoolingKind.Va or PoolingKind.AlignedWva ? options.Layers : null,
        NoPrompt = options.NoPrompt && options.Pooling != PoolingKind.MetaEol,
        AppendEos = options.AppendEos == AppendEos.Always && !Appends(options) ? AppendEos.Auto : options.AppendEos,
    };

    private static bool Appends(EmbeddingOptions options) =>
        options.Pooling == PoolingKind.Last || (options.NoPrompt && options.Pooling is (PoolingKind.PromptEol or PoolingKind.AlignedWva));

    /// <summary>Runs them with a progress line on stderr.</summary>
    public IReadOnlyList<Sweep> Run(
        ParseResult parsed, LanguageModel model, LabelledTask task, IReadOnlyList<SweepConfiguration> configurations, CancellationToken cancellation)
    {
        var cache = parsed.GetValue(_noCache)
            ? null
            : new EmbeddingCache(EmbeddingCache.DefaultFolder, parsed.GetValue(_cacheLimit) * Megabyte, Terminal.Say);
        using var progress = new ProgressLine("embedding", "tokens");
        var runner = new SweepRunner(model, cache) { Progress = step => progress.Report(step.Done, step.Total) };
        return runner.Run(task, configurations, cancellation);
    }

    /// <summary>Of a model trained for embedding the pooling it was trained with; of a plain language model every one that needs a single forward.</summary>
    private static PoolingKind[] Suited(LanguageModel model) => model.Purpose.Task == ModelTask.Embedding
        ? [model.Purpose.Pooling ?? PoolingKind.Last]
        : [PoolingKind.AlignedWva, PoolingKind.PromptEol, PoolingKind.Va, PoolingKind.Mean, PoolingKind.Last];
}
