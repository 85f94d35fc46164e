using System.Text.Json;

namespace RtMatching.Inference.Weights;

/// <summary>
/// The tensors of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.
/// </summary>
public sealed class SafetensorsWeights : IWeights
{
    public const string FileName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>An index takes about 100 bytes a tensor: this is a hundred times a large model's.</summary>
    private const int MaxIndexBytes = 64 << 20;

    /// <summary>The largest public models come in a few hundred.</summary>
    private const int MaxShards = 4096;

    private readonly IReadOnlyList<MappedFile> _files;
    private readonly Dictionary<string, MappedTensor> _tensors;
    private readonly Lazy<string> _hash;

    private SafetensorsWeights(IReadOnlyList<MappedFile> filesInNameOrder, Dictionary<string, MappedTensor> tensors)
    {
        _files = filesInNameOrder;
        _tensors = tensors;
        Tensors = tensors.ToDictionary(t => t.Key, t => t.Value.Info);
        _hash = new Lazy<string>(() => WeightsHash.Compute(_files));
    }

    /// <inheritdoc/>
    public string Hash => _hash.Value;
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Bytes of the weight files together.</summary>
    public long Bytes => _files.Sum(f => f.Length);

    /// <param name="path">The folder, or a single safetensors file.</param>
    /// <exception cref="InvalidWeightsException">A file is missing, truncated, lying or of a type not supported.</exception>
    public static SafetensorsWeights Open(string path)
    {
        if (!Directory.Exists(path)) return OpenAll([path], shardOf: null);
        var single = Path.Combine(path, FileName);
        if (File.Exists(single)) return OpenAll([single], shardOf: null);
        var index = Path.Combine(path, IndexName);
        if (!File.Exists(index))
            throw new InvalidWeightsException(
                $"{path}: it holds neither {FileName} nor {IndexName}. Download the model's weights into this folder.");
        var shardOf = ReadIndex(index);
        var shards = shardOf.Values.Distinct().Order(StringComparer.Ordinal).Select(name => Path.Combine(path, name));
        return OpenAll([.. shards], shardOf);
    }

    /// <inheritdoc/>
    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination) =>
        Mapped(tensor).ReadRows(firstRow, rowCount, destination);

    /// <inheritdoc/>
    public bool TryReadStored(TensorInfo tensor, int firstRow, int rowCount, StoredRows use) =>
        Mapped(tensor).TryReadStored(firstRow, rowCount, use);

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private MappedTensor Mapped(TensorInfo tensor) => _tensors.TryGetValue(tensor.Name, out var mapped)
        ? mapped
        : throw new ArgumentException($"{_files[0].Path} holds no tensor {HeaderText.Quote(tensor.Name)}.", nameof(tensor));

    private static SafetensorsWeights OpenAll(string[] pathsInNameOrder, Dictionary<string, string>? shardOf)
    {
        var files = new List<MappedFile>();
        try
        {
            var tensors = new Dictionary<string, MappedTensor>();
            foreach (var path in pathsInNameOrder)
            {
                files.Add(MappedFile.Open(path));
                AddTensors(tensors, files[^1], shardOf);
            }
            CheckComplete(tensors, pathsInNameOrder, shardOf);
            return new SafetensorsWeights(files, tensors);
        }
        catch
        {
            foreach (var file in files) file.Dispose();
            throw;
        }
    }

    private static void AddTensors(Dictionary<string, MappedTensor> tensors, MappedFile file, Dictionary<string, string>? shardOf)
    {
        foreach (var tensor in SafetensorsHeader.Read(file))
        {
            // What the index does not give to this shard is another shard's.
            if (shardOf is not null && shardOf.GetValueOrDefault(tensor.Info.Name) != Path.GetFileName(file.Path)) continue;
            if (!tensors.TryAdd(tensor.Info.Name, tensor))
                throw new InvalidWeightsException(
                    $"{file.Path}: tensor {HeaderText.Quote(tensor.Info.Name)} stands twice, once with and once without its 'model.' prefix.");
        }
    }

    private static void CheckComplete(Dictionary<string, MappedTensor> tensors, string[] paths, Dictionary<string, string>? shardOf)
    {
        foreach (var (name, shard) in shardOf ?? [])
            if (!tensors.ContainsKey(name))
                throw new InvalidWeightsException(
                    $"{Path.Combine(Path.GetDirectoryName(paths[0])!, shard)}: {IndexName} promises tensor {HeaderText.Quote(name)} here, "
                    + "and it is not. Download index and shards together.");
    }

    /// <returns>Tensor name to the shard's file name.</returns>
    private static Dictionary<string, string> ReadIndex(string path)
    {
        if (new FileInfo(path).Length > MaxIndexBytes)
            throw new InvalidWeightsException($"{path}: an index of more than {MaxIndexBytes} bytes is not believable.");
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false };
            using var index = JsonDocument.Parse(File.ReadAllBytes(path), options);
            if (index.RootElement.ValueKind != JsonValueKind.Object
                || !index.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
                throw new InvalidWeightsException($"{path}: it has no object weight_map. Download it again.");
            return ReadWeightMap(path, map);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidWeightsException($"{path}: not a readable JSON index: {e.Message}", e);
        }
    }

    private static Dictionary<string, string> ReadWeightMap(string path, JsonElement map)
    {
        var shardOf = new Dictionary<string, string>();
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (!IsPlainFileName(shard))
                throw new InvalidWeightsException(
                    $"{path}: tensor {HeaderText.Quote(entry.Name)} is said to lie in {HeaderText.Quote(shard)}, "
                    + "which is not a file name within the folder.");
            shardOf.TryAdd(SafetensorsHeader.WithModelPrefix(entry.Name), shard);
        }
        if (shardOf.Count == 0) throw new InvalidWeightsException($"{path}: its weight_map is empty. Download it again.");
        if (shardOf.Values.Distinct().Count() > MaxShards)
            throw new InvalidWeightsException($"{path}: it names more than {MaxShards} shards.");
        return shardOf;
    }

    /// <summary>An index comes from outside and must not reach files outside its folder.</summary>
    private static bool IsPlainFileName(string name)
        => name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0 && !name.StartsWith('.');
}
