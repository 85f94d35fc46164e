using System.Globalization;
using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Refinement;

/// <summary>There is no learned memory map where one is wanted, or it is broken or another model's; the message names the remedy.</summary>
public sealed class InvalidMemoryMapException(string message, Exception? inner = null) : InvalidModelException(message, inner);

/// <summary>How a map was fitted.</summary>
/// <param name="WeightsHash">Of the model: another model's states mean other things.</param>
/// <param name="PreNorm">It maps states before the final norm.</param>
/// <param name="Ridge">Relative to the mean diagonal of the states' second moments.</param>
/// <param name="Tokens">It was fitted on.</param>
/// <param name="Texts">They stood in.</param>
public sealed record MemoryMapOrigin(string WeightsHash, bool PreNorm, double Ridge, long Tokens, long Texts);

/// <summary>
/// A linear map W from a model's states to its input embeddings, E(x_j) about W H_j, so that a memory goes in as what the first layer is used to.
/// Stored as a safetensors file of one float32 tensor, <c>memory.weight</c> (hidden, hidden), with its origin as metadata.
/// </summary>
public sealed class MemoryMap
{
    private const string FileName = "memory.safetensors";
    private const string TensorName = "memory.weight";
    private const string Version = "1";
    private const string Remedy = "`rtmatch memory fit` makes one.";

    private readonly float[] _weight; // (hidden, hidden), row-major: a row gives one number of the embedding
    private readonly int _hidden;

    /// <param name="weight">(hidden, hidden)</param>
    internal MemoryMap(float[] weight, MemoryMapOrigin origin, string hash = "")
    {
        (_weight, _hidden, Origin, Hash) = (weight, (int)Math.Sqrt(weight.Length), origin, hash);
        if ((long)_hidden * _hidden != weight.Length) throw new ArgumentException("A memory map is a square matrix.", nameof(weight));
    }

    public MemoryMapOrigin Origin { get; }

    /// <summary>SHA-256 of its file, lower-case hexadecimal; empty before it is saved.</summary>
    public string Hash { get; }

    /// <summary>(hidden, hidden)</summary>
    public ReadOnlySpan<float> Weight => _weight;

    /// <summary>Where the map of a model lies: in its folder, or beside its GGUF file.</summary>
    public static string PathBeside(string modelPath) =>
        Directory.Exists(modelPath) ? Path.Combine(modelPath, FileName) : $"{modelPath}.{FileName}";

    /// <summary>Replaces each memory m by W m, in place. (rows, hidden)</summary>
    public void Apply(Span<float> memory)
    {
        var (states, mapped) = (memory.ToArray(), new float[memory.Length]);
        var rows = memory.Length / _hidden;
        const int outputsPerItem = 64;
        Parallel.For(0, (_hidden + outputsPerItem - 1) / outputsPerItem, item =>
        {
            for (var output = item * outputsPerItem; output < Math.Min(_hidden, (item + 1) * outputsPerItem); output++)
            {
                var weights = _weight.AsSpan(output * _hidden, _hidden);
                for (var row = 0; row < rows; row++)
                    mapped[row * _hidden + output] = TensorPrimitives.Dot(weights, states.AsSpan(row * _hidden, _hidden));
            }
        });
        mapped.CopyTo(memory);
    }

    /// <summary>Writes the map's file.</summary>
    public void Save(Stream output) => SafetensorsWriter.Write(output, TensorName, [_hidden, _hidden], _weight, new Dictionary<string, string>
    {
        ["rtmatch_memory_map"] = Version,
        ["weights_hash"] = Origin.WeightsHash,
        ["states"] = StatesName(Origin.PreNorm),
        ["ridge"] = Origin.Ridge.ToString("R", CultureInfo.InvariantCulture),
        ["tokens"] = Origin.Tokens.ToString(CultureInfo.InvariantCulture),
        ["texts"] = Origin.Texts.ToString(CultureInfo.InvariantCulture),
    });

    /// <exception cref="InvalidMemoryMapException">There is no such file, or it is no map.</exception>
    public static MemoryMap Read(string path)
    {
        if (!File.Exists(path)) throw new InvalidMemoryMapException($"{path}: there is no learned memory map; {Remedy}");
        try
        {
            using var file = MappedFile.Open(path);
            var tensor = SafetensorsHeader.Read(file) is [{ Info: { Name: TensorName, Type: TensorType.F32, Shape: [var rows, var columns] } } only]
                && rows == columns && (long)rows * columns <= Array.MaxLength
                    ? only
                    : throw Invalid(path, $"it is not one square float32 tensor '{TensorName}'");
            var weight = new float[rows * columns];
            tensor.ReadRows(0, rows, weight);
            if (!TensorPrimitives.IsFiniteAll<float>(weight)) throw Invalid(path, "it holds numbers that are not finite");
            return new MemoryMap(weight, OriginOf(path, SafetensorsHeader.ReadMetadata(file)), WeightsHash.Compute([file]));
        }
        catch (InvalidWeightsException exception)
        {
            throw new InvalidMemoryMapException($"{exception.Message} A new map: {Remedy}", exception);
        }
    }

    /// <summary>Whether it can serve these settings on this model.</summary>
    /// <exception cref="InvalidMemoryMapException">It cannot; the message says why and what to do.</exception>
    internal void Check(string path, LanguageModel model, MemorySettings settings)
    {
        if (settings.MapHash is { } wanted && wanted != Hash)
            throw new InvalidMemoryMapException(
                $"{path}: this is not the memory map that the profile was made with (SHA-256 {wanted}). Put that one back, or save a new version " +
                "with `profiles set NAME --memory-scale learned-map` and run `ingest --reembed`.");
        if (_hidden != model.Config.Hidden)
            throw Invalid(path, $"it maps states of {_hidden} numbers, and {model.Name} has {model.Config.Hidden}");
        if (Origin.WeightsHash != model.WeightsHash) throw Invalid(path, $"it was fitted for other weights than {model.Name}'s");
        if (Origin.PreNorm != settings.PreNorm)
            throw new InvalidMemoryMapException(
                $"{path}: it was fitted for {StatesName(Origin.PreNorm)} states, not for {StatesName(settings.PreNorm)} ones: " +
                $"`rtmatch memory fit --memory-states {StatesName(settings.PreNorm)}` makes one.");
    }

    private static MemoryMapOrigin OriginOf(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var version = Field("rtmatch_memory_map");
        if (version != Version) throw Invalid(path, $"it is a memory map of version {HeaderText.Quote(version)}, and this program reads version {Version}");
        return new MemoryMapOrigin(Field("weights_hash"), IsPreNorm(path, Field("states")), Number("ridge"), (long)Number("tokens"), (long)Number("texts"));

        string Field(string name) => metadata.GetValueOrDefault(name) ?? throw Invalid(path, $"its metadata has no '{name}', so it is no memory map");

        double Number(string name) => double.TryParse(Field(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number is >= 0 and < long.MaxValue ? number : throw Invalid(path, $"'{name}' in its metadata is not a number from 0 on");
    }

    private static bool IsPreNorm(string path, string states) =>
        states == StatesName(true) || (states == StatesName(false) ? false : throw Invalid(path, $"it maps states of kind {HeaderText.Quote(states)}, which is unknown"));

    private static string StatesName(bool preNorm) => preNorm ? "pre-norm" : "final-norm";

    private static InvalidMemoryMapException Invalid(string path, string problem) => new($"{path}: {problem}. {Remedy}");
}
