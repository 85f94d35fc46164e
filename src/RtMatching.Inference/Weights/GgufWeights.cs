using System.Globalization;

namespace RtMatching.Inference.Weights;

/// <summary>The tensors of a GGUF file, under Hugging Face's names and in its row order.</summary>
public sealed class GgufWeights : IWeights
{
    private const int MaxHeads = 65_536;
    private const string HeadsKey = "llama.attention.head_count";
    private const string KeyValueHeadsKey = "llama.attention.head_count_kv";

    private readonly GgufFile _file;
    private readonly Dictionary<string, MappedTensor> _tensors;
    private readonly Lazy<string> _hash;

    /// <param name="file">Becomes this object's, which closes it; also when this throws.</param>
    /// <exception cref="InvalidWeightsException">A tensor leaves the file, overlaps another or has a type not supported.</exception>
    public GgufWeights(GgufFile file)
    {
        _file = file;
        _hash = new Lazy<string>(() => WeightsHash.Compute([_file.Mapped]));
        try
        {
            _tensors = ReadTensors(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        Tensors = _tensors.ToDictionary(t => t.Key, t => t.Value.Info);
    }

    /// <inheritdoc cref="GgufWeights(GgufFile)"/>
    public static GgufWeights Open(string path) => new(GgufFile.Open(path));

    /// <inheritdoc/>
    public string Hash => _hash.Value;
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination) =>
        Mapped(tensor).ReadRows(firstRow, rowCount, destination);

    /// <inheritdoc/>
    public bool TryReadStored(TensorInfo tensor, int firstRow, int rowCount, StoredRows use) =>
        Mapped(tensor).TryReadStored(firstRow, rowCount, use);

    public void Dispose() => _file.Dispose();

    private MappedTensor Mapped(TensorInfo tensor) => _tensors.TryGetValue(tensor.Name, out var mapped)
        ? mapped
        : throw new ArgumentException($"{_file.Path} holds no tensor {HeaderText.Quote(tensor.Name)}.", nameof(tensor));

    private static Dictionary<string, MappedTensor> ReadTensors(GgufFile file)
    {
        RefuseUnsupported(file);
        var tensors = new Dictionary<string, MappedTensor>();
        foreach (var listed in file.Tensors)
        {
            var name = GgufTensorNames.ToHuggingFace(listed.Name);
            var dimensions = listed.Dimensions.Reverse().ToArray();
            var type = GgufTypes.Supported(listed.TypeId)!.Value; // the others were refused
            var heads = InterleavedHeads(file, listed.Name);
            var tensor = MappedTensor.Create(file.Mapped, name, type, dimensions, listed.Offset, heads);
            if (!tensors.TryAdd(name, tensor))
                throw new InvalidWeightsException(
                    $"{file.Path}: two tensors are called {HeaderText.Quote(name)} in Hugging Face's naming.");
        }
        CheckOverlaps(file, tensors.Values);
        return tensors;
    }

    private static void RefuseUnsupported(GgufFile file)
    {
        var refused = file.Tensors.FirstOrDefault(t => GgufTypes.Supported(t.TypeId) is null);
        if (refused is not null)
            throw new InvalidWeightsException(
                $"{file.Path}: tensor {HeaderText.Quote(refused.Name)}: {refused.TypeName} is not supported until a later version; "
                + "use an F32, F16, BF16, Q8_0 or Q4_1 file of the model.");
    }

    private static void CheckOverlaps(GgufFile file, IEnumerable<MappedTensor> tensors)
    {
        MappedTensor? before = null;
        foreach (var tensor in tensors.OrderBy(t => t.Offset))
        {
            if (before is not null && tensor.Offset < before.Offset + before.Bytes)
                throw new InvalidWeightsException(
                    $"{file.Path}: tensors {HeaderText.Quote(before.Info.Name)} and {HeaderText.Quote(tensor.Info.Name)} overlap. "
                    + "Copy or download it again.");
            before = tensor;
        }
    }

    /// <summary>Only Llama's query and key projections are stored interleaved; Qwen's are not.</summary>
    private static int InterleavedHeads(GgufFile file, string name)
    {
        if (file.Metadata.GetValueOrDefault("general.architecture") is not "llama") return 0;
        if (IsProjection(name, "attn_q") || (IsProjection(name, "attn_k") && !file.Metadata.ContainsKey(KeyValueHeadsKey)))
            return Heads(file, HeadsKey);
        return IsProjection(name, "attn_k") ? Heads(file, KeyValueHeadsKey) : 0;
    }

    private static bool IsProjection(string name, string projection)
        => name.StartsWith("blk.", StringComparison.Ordinal)
            && (name.EndsWith($".{projection}.weight", StringComparison.Ordinal)
                || name.EndsWith($".{projection}.bias", StringComparison.Ordinal));

    private static int Heads(GgufFile file, string key) => file.Metadata.GetValueOrDefault(key) switch
    {
        long and >= 1 and <= MaxHeads and var heads => (int)heads,
        ulong and >= 1 and <= MaxHeads and var heads => (int)heads,
        var value => throw new InvalidWeightsException(string.Create(CultureInfo.InvariantCulture,
            $"{file.Path}: metadata '{key}' is {value ?? "missing"}, not between 1 and {MaxHeads} heads. Convert the model again.")),
    };
}
