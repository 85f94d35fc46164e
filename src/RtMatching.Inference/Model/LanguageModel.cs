using System.Collections.Concurrent;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Telemetry;
using RtMatching.Inference.Tokenizer;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>A model ready to run: its tokenizer, its decoder, and what names them.</summary>
public sealed class LanguageModel : IDisposable
{
    private const string TokenizerName = "tokenizer.json";

    private readonly Lazy<string> _weightsHash;
    private readonly Lazy<float> _meanEmbeddingNorm;
    private readonly Lazy<ModelPurpose> _purpose;
    private readonly ConcurrentDictionary<(string Path, string? Hash), MemoryMap> _memoryMaps = new();
    private long _texts;
    private long _tokens;

    public LanguageModel(string name, string weightsHash, ITokenizer tokenizer, IDecoder decoder)
        : this(name, new Lazy<string>(weightsHash), tokenizer, decoder)
    {
    }

    private LanguageModel(string name, Lazy<string> weightsHash, ITokenizer tokenizer, IDecoder decoder)
    {
        (Name, _weightsHash, Tokenizer, Decoder, Prefixes) = (name, weightsHash, tokenizer, decoder, new PromptPrefixes(decoder));
        _meanEmbeddingNorm = new Lazy<float>(() => MemoryScalings.MeanEmbeddingNorm(decoder));
        _purpose = new Lazy<ModelPurpose>(() => Path is not null
            ? ModelPurpose.Read(Path)
            : ModelPurpose.Of(tokenizer.SuffixIds.Count > 0, "its tokenizer"));
        EngineSignals.CountLoaded(this);
    }

    /// <summary>The folder's or file's name, for example <c>rt-mini</c>.</summary>
    public string Name { get; }

    /// <summary>SHA-256 of the weight files, lower-case hexadecimal. Computed when first asked for: large files take seconds.</summary>
    public string WeightsHash => _weightsHash.Value;

    /// <summary>The folder or GGUF file that it was loaded from; null where it was not.</summary>
    public string? Path { get; private init; }
    public ITokenizer Tokenizer { get; }
    public IDecoder Decoder { get; }

    /// <summary>The same model on further devices, with the same tokenizer. Disposed with this one; an <see cref="Engine"/> runs them side by side.</summary>
    public IReadOnlyList<LanguageModel> Replicas { get; internal set; } = [];

    public ModelConfig Config => Decoder.Config;

    /// <summary>What it was made for. Its files are read when first asked for.</summary>
    /// <exception cref="InvalidModelException">A file that would tell is broken.</exception>
    public ModelPurpose Purpose => _purpose.Value;

    /// <summary>Loads a Hugging Face folder or a GGUF file; null loads the built-in model.</summary>
    /// <exception cref="InvalidModelException">
    /// A file or tensor is missing, broken or of a kind not supported; the message names it and the remedy.
    /// </exception>
    public static LanguageModel Load(string? path) => Load(path, new ModelParts());

    /// <inheritdoc cref="Load(string?)"/>
    /// <param name="parts">What it is made of; a replica is made for every decoder after the first.</param>
    public static LanguageModel Load(string? path, ModelParts parts)
    {
        var files = ModelFiles.Find(path ?? BuiltInModel.Path);
        var built = new List<LanguageModel>();
        try
        {
            foreach (var decoder in parts.Decoders) built.Add(Build(files, parts, decoder, built.FirstOrDefault()?.Tokenizer));
            built[0].Replicas = built[1..];
            return built[0];
        }
        catch
        {
            foreach (var model in built) model.Dispose();
            throw;
        }
    }

    /// <summary>The model's tokenizer alone: no weights are read.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static ITokenizer LoadTokenizer(string? path) => new ModelParts().Tokenizer(ReadTokenizer(path));

    /// <summary>What the model says of its tokenizer: no weights are read.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    internal static BpeDefinition ReadTokenizer(string? path)
    {
        var files = ModelFiles.Find(path ?? BuiltInModel.Path);
        if (!files.IsGguf) return ReadTokenizer(files);
        using var file = GgufFile.Open(files.Path);
        return GgufTokenizer.ReadDefinition(file.Metadata, file.Path);
    }

    /// <summary>Texts embedded since it was loaded, on all of its devices, each counted once however many embeddings were made of it.</summary>
    public long Texts => Interlocked.Read(ref _texts) + Replicas.Sum(replica => replica.Texts);

    /// <summary>Tokens run for them, each counted once however many passes were run.</summary>
    public long Tokens => Interlocked.Read(ref _tokens) + Replicas.Sum(replica => replica.Tokens);

    internal EngineGate Gate { get; } = new();

    /// <summary>For whoever is through the <see cref="Gate"/>.</summary>
    internal PromptPrefixes Prefixes { get; }

    /// <summary>The mean length of the input embeddings. Computed when first asked for.</summary>
    internal float MeanEmbeddingNorm => _meanEmbeddingNorm.Value;

    /// <summary>The learned map that the settings name, read when first asked for. A map that was pinned by its hash stays what it was.</summary>
    /// <exception cref="InvalidMemoryMapException">There is none, or it is not one for this model and these settings.</exception>
    public MemoryMap LearnedMap(MemorySettings settings)
    {
        var path = settings.Map ?? (Path is null ? null : MemoryMap.PathBeside(Path))
            ?? throw new InvalidMemoryMapException($"{Name} was not loaded from a file, so no memory map lies beside it; name the map's file.");
        var map = _memoryMaps.GetOrAdd((path, settings.MapHash), key => MemoryMap.Read(key.Path));
        map.Check(path, this, settings);
        return map;
    }

    internal void Count(int texts, long tokens)
    {
        Interlocked.Add(ref _texts, texts);
        Interlocked.Add(ref _tokens, tokens);
    }

    /// <summary>Waits for the batch that the model is running: its weights must not go away under it.</summary>
    public void Dispose()
    {
        EngineSignals.CountUnloaded(this);
        foreach (var replica in Replicas) replica.Dispose();
        using var turn = Gate.Enter(EnginePriority.Interactive);
        Prefixes.Dispose();
        Decoder.Dispose();
    }

    private static BpeDefinition ReadTokenizer(ModelFiles files)
    {
        var path = System.IO.Path.Combine(files.Path, TokenizerName);
        return File.Exists(path)
            ? TokenizerJson.ReadDefinition(path)
            : throw new InvalidModelException($"{files.Path}: it holds no {TokenizerName}. Download that file of the model into the folder.");
    }

    private static LanguageModel Build(ModelFiles files, ModelParts parts, DecoderFactory decoder, ITokenizer? tokenizer)
    {
        if (files.IsGguf) return BuildGguf(files, parts, decoder, tokenizer);
        var config = ModelConfigReader.ReadJson(System.IO.Path.Combine(files.Path, ModelConfigReader.FileName));
        return Build(files, config, tokenizer ?? parts.Tokenizer(ReadTokenizer(files)), SafetensorsWeights.Open(files.Path), decoder);
    }

    private static LanguageModel BuildGguf(ModelFiles files, ModelParts parts, DecoderFactory decoder, ITokenizer? tokenizer)
    {
        var file = GgufFile.Open(files.Path);
        try
        {
            var config = ModelConfigReader.ReadGguf(file);
            tokenizer ??= parts.Tokenizer(GgufTokenizer.ReadDefinition(file.Metadata, file.Path));
            return Build(files, config, tokenizer, new GgufWeights(file), decoder);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static LanguageModel Build(ModelFiles files, ModelConfig config, ITokenizer tokenizer, IWeights weights, DecoderFactory decoder)
    {
        try
        {
            if (tokenizer.VocabularySize > config.Vocabulary)
                throw new InvalidModelException(
                    $"{files.Path}: its tokenizer gives ids up to {tokenizer.VocabularySize - 1}, its embedding has {config.Vocabulary} rows. "
                    + "Tokenizer and weights must belong to the same model.");
            ExpectedTensors.Check(files.Path, config, weights.Tensors);
            var hash = new Lazy<string>(() => weights.Hash);
            return new LanguageModel(files.Name, hash, tokenizer, decoder(config, weights)) { Path = files.Path };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
