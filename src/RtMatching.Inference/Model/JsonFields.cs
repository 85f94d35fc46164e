using System.Text.Json;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>Typed fields of a JSON object from a model's folder; null and absent are the same.</summary>
internal sealed class JsonFields(string path, JsonElement element)
{
    /// <summary>A config has some hundred lines.</summary>
    private const int MaxBytes = 1 << 20;
    private const int MaxDepth = 16;

    private readonly JsonElement _element = element;

    public string Path { get; } = path;

    /// <exception cref="InvalidModelException">The file is missing, too large or not of the kind.</exception>
    public static JsonDocument Parse(string path, JsonValueKind root = JsonValueKind.Object)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw new InvalidModelException($"{path}: there is no such file; a Hugging Face folder needs one.");
            if (file.Length > MaxBytes)
                throw new InvalidModelException($"{path}: more than {MaxBytes} bytes are not believable for a config.");
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            var document = JsonDocument.Parse(File.ReadAllBytes(path), options);
            if (document.RootElement.ValueKind == root) return document;
            document.Dispose();
            throw new InvalidModelException($"{path}: it is not a JSON {(root == JsonValueKind.Object ? "object" : "list")}. Download it again.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new InvalidModelException($"{path}: not readable as JSON: {e.Message}", e);
        }
    }

    /// <summary>The objects of a list.</summary>
    /// <exception cref="InvalidModelException">There are more than <paramref name="most"/>, or others than objects.</exception>
    public static IReadOnlyList<JsonFields> Items(string path, JsonElement list, int most)
    {
        if (list.GetArrayLength() <= most && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object))
            return [.. list.EnumerateArray().Select(item => new JsonFields(path, item))];
        throw new InvalidModelException($"{path}: it is not a list of at most {most} objects. Download it again.");
    }

    public bool Has(string name) => Find(name) is not null;

    public int Int(string name) => OptionalInt(name) ?? throw Missing(name);

    public int? OptionalInt(string name) => Find(name) is { } value ? ToInt(name, value) : null;

    /// <summary>An integer, or the first of a list of integers; null where absent or an empty list.</summary>
    public int? IntOrFirst(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() == 0 ? null : ToInt(name, list[0]),
        { } value => ToInt(name, value),
        null => null,
    };

    public double? OptionalDouble(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)) return number;
        throw Wrong(name, value, "a number");
    }

    public bool Bool(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } value => throw Wrong(name, value, "true or false"),
    };

    public string? OptionalString(string name) => Find(name) is { } value ? ToText(name, value) : null;

    public string? FirstString(string name) => Strings(name).FirstOrDefault();

    public IReadOnlyList<string> Strings(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => ToText(name, item))],
        { } value => throw Wrong(name, value, "a list of strings"),
    };

    public JsonFields? Section(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } section => new JsonFields(Path, section),
        { } value => throw Wrong(name, value, "an object"),
    };

    public InvalidModelException Unsupported(string name, string what)
        => new($"{Path}: {name}: {what} is not supported until a later version. Use another model.");

    private JsonElement? Find(string name)
        => _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int ToInt(string name, JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Wrong(name, value, "an integer");

    private string ToText(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(name, value, "a string");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException) // half a surrogate pair
        {
            throw Wrong(name, value, "a string");
        }
    }

    private InvalidModelException Missing(string name) => new($"{Path}: the field {name} is missing. Download the file again.");

    private InvalidModelException Wrong(string name, JsonElement value, string expected)
        => new($"{Path}: the field {name} is {HeaderText.Quote(value.GetRawText())}, not {expected}.");
}
