using System.Text.Json;

namespace RtMatching.Inference.Tokenizer;

/// <summary>A field of a tokenizer.json together with where it stands, so that whatever is wrong with it can be named.</summary>
/// <param name="Path">For example <c>model.merges[12]</c>.</param>
internal readonly record struct JsonField(JsonElement Value, string Path, string File)
{
    /// <summary>The remedy where a file is not what its writer wrote.</summary>
    public const string Damaged = "it is damaged: fetch it again";

    /// <summary>The member, or null where it is absent or null.</summary>
    public JsonField? Find(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object)
            throw Expected("an object");
        var found = Value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null;
        return found ? new JsonField(member, Path.Length == 0 ? name : $"{Path}.{name}", File) : null;
    }

    public JsonField Get(string name) => Find(name) ?? throw Refuse($"has no \"{name}\"", Damaged);

    public IEnumerable<JsonField> Items(string name)
    {
        if (Find(name) is not { } list)
            return [];
        if (list.Value.ValueKind != JsonValueKind.Array)
            throw list.Expected("an array");
        var self = list;
        return list.Value.EnumerateArray().Select((item, i) => new JsonField(item, $"{self.Path}[{i}]", self.File));
    }

    public IEnumerable<JsonProperty> Members() =>
        Value.ValueKind == JsonValueKind.Object ? Value.EnumerateObject() : throw Expected("an object");

    public string Text()
    {
        if (Value.ValueKind != JsonValueKind.String)
            throw Expected("a string");
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException) // Half a surrogate pair, or bytes that are not UTF-8.
        {
            throw Expected("a string of well-formed Unicode");
        }
    }

    public int Number() =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var number) ? number : throw Expected("a 32-bit integer");

    /// <summary>False where the member is absent or null.</summary>
    public bool Flag(string name) => Find(name) is { } flag && flag.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw flag.Expected("true or false"),
    };

    public string Type() => Get("type").Text();

    public InvalidTokenizerException Unsupported(string what, string supported) =>
        Refuse($"{what} is not supported", $"use a model whose tokenizer is byte-level BPE; supported here: {supported}");

    public InvalidTokenizerException Refuse(string what, string remedy) =>
        new($"{File}: {(Path.Length == 0 ? "the file" : Path)} {what}; {remedy}.");

    private InvalidTokenizerException Expected(string kind) =>
        Refuse($"is {Value.ValueKind.ToString().ToLowerInvariant()}, not {kind}", Damaged);
}
