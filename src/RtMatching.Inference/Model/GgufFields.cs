using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>
/// Typed metadata of a GGUF file. A name without a known first word is the architecture's own:
/// <c>block_count</c> is <c>llama.block_count</c>.
/// </summary>
internal sealed class GgufFields(GgufFile file)
{
    private static readonly string[] SharedPrefixes = ["general.", "tokenizer."];

    private readonly GgufFile _file = file;

    public string String(string name) => OptionalString(name) ?? throw Missing(name);

    public int Int(string name) => OptionalInt(name) ?? throw Missing(name);

    public int? OptionalInt(string name) => Find(name) switch
    {
        null => null,
        long and >= int.MinValue and <= int.MaxValue and var value => (int)value,
        ulong and <= int.MaxValue and var value => (int)value,
        var value => throw Wrong(name, value, "an integer"),
    };

    public double? OptionalDouble(string name) => Find(name) switch
    {
        null => null,
        double value when double.IsFinite(value) => value,
        var value => throw Wrong(name, value, "a number"),
    };

    public string? OptionalString(string name) => Find(name) switch
    {
        null => null,
        string value => value,
        var value => throw Wrong(name, value, "a string"),
    };

    public InvalidModelException Unsupported(string name, string what)
        => new($"{_file.Path}: metadata '{Key(name)}': {what} is not supported until a later version. Use another model.");

    private object? Find(string name) => _file.Metadata.GetValueOrDefault(Key(name));

    private string Key(string name)
        => SharedPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal))
            ? name
            : $"{_file.Metadata.GetValueOrDefault("general.architecture")}.{name}";

    private InvalidModelException Missing(string name) => new($"{_file.Path}: metadata '{Key(name)}' is missing. Convert the model again.");

    private InvalidModelException Wrong(string name, object value, string expected)
        => new($"{_file.Path}: metadata '{Key(name)}' is {HeaderText.Quote(value.ToString() ?? "")}, not {expected}.");
}
