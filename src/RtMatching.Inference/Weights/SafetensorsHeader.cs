using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace RtMatching.Inference.Weights;

/// <summary>
/// The header of a safetensors file: eight bytes of length, then JSON that says where each tensor lies.
/// Format: https://github.com/huggingface/safetensors#format
/// </summary>
internal static class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";

    private const int LengthBytes = 8;

    /// <summary>The reference implementation's own limit; a real header takes about 100 bytes a tensor.</summary>
    private const int MaxHeaderBytes = 100_000_000;

    /// <summary>A model of a thousand layers has a tenth of it.</summary>
    private const int MaxTensors = 100_000;

    /// <summary>The format's own deepest nesting is 3 (header, tensor, shape), so deeper is hostile.</summary>
    private const int MaxDepth = 4;

    /// <summary>More dimensions than any tensor has.</summary>
    private const int MaxDimensions = 8;

    /// <summary>
    /// Reads the header and checks it against the file: contiguous tensors that fill it to its last byte, as the format asks.
    /// </summary>
    /// <exception cref="InvalidWeightsException">The header is broken, lies, or names a type that is not supported.</exception>
    public static List<MappedTensor> Read(MappedFile file)
    {
        using var bytes = file.Acquire();
        var header = HeaderBytes(file, bytes);
        var dataStart = LengthBytes + (long)header.Length;
        var parse = new Parse(file, dataStart);
        try
        {
            var tensors = parse.Tensors(header);
            CheckLayout(file, tensors, dataStart);
            return tensors;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is the reader's word for an escape that is half a surrogate pair.
            throw Invalid(file, $"its header is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>What the file says about itself in <c>__metadata__</c>: strings by name; empty where it says nothing.</summary>
    /// <exception cref="InvalidWeightsException">The header is broken, or holds other things there than strings.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(MappedFile file)
    {
        using var bytes = file.Acquire();
        var header = HeaderBytes(file, bytes);
        try
        {
            return new Parse(file, LengthBytes + (long)header.Length).Metadata(header);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(file, $"its header is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Models saved without their language-model head (Qwen3-Embedding is) lack the prefix that all others have.</summary>
    public static string WithModelPrefix(string name)
        => name == "embed_tokens.weight" || name == "norm.weight" || name.StartsWith("layers.", StringComparison.Ordinal)
            ? "model." + name
            : name;

    private static ReadOnlySpan<byte> HeaderBytes(MappedFile file, MappedFile.Lease bytes)
    {
        if (file.Length < LengthBytes) throw Invalid(file, $"{file.Length} bytes are too short for a safetensors file");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, LengthBytes));
        if (length > MaxHeaderBytes)
            throw Invalid(file,
                $"its header claims {length} bytes, more than the {MaxHeaderBytes} allowed; perhaps it is not a safetensors file");
        if (length > (ulong)(file.Length - LengthBytes))
            throw Invalid(file,
                $"its header claims {length} bytes in a file of {file.Length}: the file is truncated or the header lies");
        var header = bytes.Slice(LengthBytes, (int)length);
        if (header.IsEmpty || header[0] != (byte)'{')
            throw Invalid(file, "its header does not start with '{'; perhaps it is not a safetensors file");
        if (!Utf8.IsValid(header)) throw Invalid(file, "its header is not UTF-8");
        return header;
    }

    private static void CheckLayout(MappedFile file, List<MappedTensor> tensors, long dataStart)
    {
        if (tensors.Count == 0) throw Invalid(file, "it holds no tensor");
        tensors.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        var end = dataStart;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != end)
            {
                var what = tensor.Offset < end ? "overlaps" : "leaves a gap after";
                throw Invalid(file, $"tensor {HeaderText.Quote(tensor.Info.Name)} {what} the one before it");
            }
            end += tensor.Bytes;
        }
        if (end != file.Length) throw Invalid(file, $"{file.Length - end} bytes at its end belong to no tensor");
    }

    private static InvalidWeightsException Invalid(MappedFile file, string problem, Exception? inner = null)
        => new($"{file.Path}: {problem}. Copy or download it again.", inner);

    /// <summary>One walk over the header's JSON.</summary>
    private readonly struct Parse(MappedFile file, long dataStart)
    {
        private readonly MappedFile _file = file;
        private readonly long _dataStart = dataStart;

        public List<MappedTensor> Tensors(ReadOnlySpan<byte> header)
        {
            var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = MaxDepth });
            var tensors = new List<MappedTensor>();
            var names = new HashSet<string>();
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                if (!names.Add(name)) throw Invalid(_file, $"the name {HeaderText.Quote(name)} stands twice in its header");
                json.Read();
                if (name == MetadataName) json.Skip();
                else tensors.Add(Tensor(ref json, name));
                if (tensors.Count > MaxTensors) throw Invalid(_file, $"it names more than {MaxTensors} tensors");
            }
            while (json.Read()) { } // anything but white space after the object throws
            return tensors;
        }

        public Dictionary<string, string> Metadata(ReadOnlySpan<byte> header)
        {
            var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = MaxDepth });
            var metadata = new Dictionary<string, string>();
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isMetadata = json.ValueTextEquals(MetadataName);
                json.Read();
                if (isMetadata) AddStrings(ref json, metadata);
                else json.Skip();
            }

            return metadata;
        }

        private void AddStrings(ref Utf8JsonReader json, Dictionary<string, string> metadata)
        {
            if (json.TokenType != JsonTokenType.StartObject) throw Invalid(_file, $"its {MetadataName} is not an object");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                json.Read();
                if (json.TokenType != JsonTokenType.String || !metadata.TryAdd(name, json.GetString()!))
                    throw Invalid(_file, $"{HeaderText.Quote(name)} in its {MetadataName} is not one string");
            }
        }

        private MappedTensor Tensor(ref Utf8JsonReader json, string name)
        {
            Expect(name, json.TokenType == JsonTokenType.StartObject, "its entry is not an object");
            string? type = null;
            List<long>? shape = null, offsets = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var field = json.GetString();
                json.Read();
                switch (field)
                {
                    case "dtype":
                        Expect(name, type is null && json.TokenType == JsonTokenType.String, "dtype is not one string");
                        type = json.GetString();
                        break;
                    case "shape":
                        Expect(name, shape is null, "shape stands twice");
                        shape = Integers(ref json, name, field);
                        break;
                    case "data_offsets":
                        Expect(name, offsets is null, "data_offsets stands twice");
                        offsets = Integers(ref json, name, field);
                        break;
                    default: throw Problem(name, $"unknown field {HeaderText.Quote(field!)}");
                }
            }
            return Tensor(name, type, shape, offsets);
        }

        private MappedTensor Tensor(string name, string? type, List<long>? shape, List<long>? offsets)
        {
            if (type is null || shape is null || offsets is null) throw Problem(name, "dtype, shape or data_offsets is missing");
            Expect(name, offsets.Count == 2, "data_offsets is not a pair");
            // The length is subtracted rather than the start added: the sum could overflow.
            var data = _file.Length - _dataStart;
            Expect(name, offsets[0] >= 0 && offsets[0] <= offsets[1] && offsets[1] <= data,
                $"data_offsets [{offsets[0]}, {offsets[1]}] leave the {data} bytes of data: the file is truncated or its header lies");
            var tensor = MappedTensor.Create(_file, WithModelPrefix(name), TypeOf(name, type),
                CollectionsMarshal.AsSpan(shape), _dataStart + offsets[0]);
            Expect(name, tensor.Bytes == offsets[1] - offsets[0],
                $"data_offsets span {offsets[1] - offsets[0]} bytes where {type} [{string.Join(", ", shape)}] takes {tensor.Bytes}");
            return tensor;
        }

        private List<long> Integers(ref Utf8JsonReader json, string name, string field)
        {
            Expect(name, json.TokenType == JsonTokenType.StartArray, $"{field} is not an array");
            var integers = new List<long>();
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var integer))
                    throw Problem(name, $"{field} holds something other than an integer below 2^63");
                integers.Add(integer);
                Expect(name, integers.Count <= MaxDimensions, $"{field} has more than {MaxDimensions} entries");
            }
            return integers;
        }

        private TensorType TypeOf(string name, string type) => type switch
        {
            "F32" => TensorType.F32,
            "F16" => TensorType.F16,
            "BF16" => TensorType.BF16,
            _ => throw new InvalidWeightsException(
                $"{_file.Path}: tensor {HeaderText.Quote(name)}: type {HeaderText.Quote(type)} is not supported; "
                + "use a BF16, F16 or F32 version of the model."),
        };

        private void Expect(string name, bool condition, string problem)
        {
            if (!condition) throw Problem(name, problem);
        }

        private InvalidWeightsException Problem(string name, string problem)
            => Invalid(_file, $"tensor {HeaderText.Quote(name)}: {problem}");
    }
}
