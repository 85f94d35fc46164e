using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RtMatching.Inference.Pooling;

/// <summary>Layers <paramref name="First"/> to <paramref name="Last"/>, both inclusive, from 0. Written <c>4..12</c>, or <c>all</c>.</summary>
[JsonConverter(typeof(LayerRangeJson))]
public readonly record struct LayerRange(int First, int Last)
{
    /// <summary>Every layer of any model: what a setting says to take a range back.</summary>
    public static readonly LayerRange All = new(0, int.MaxValue);

    private const string AllName = "all", Dots = "..";

    /// <summary>How a range is written, for messages.</summary>
    public const string Form = "A..B (both inclusive, from 0), or 'all'";

    public static bool TryParse(string? text, out LayerRange layers)
    {
        layers = All;
        if (string.Equals(text, AllName, StringComparison.OrdinalIgnoreCase)) return true;
        if (text?.Split(Dots) is not [var first, var last] || !TryNumber(first, out var from) || !TryNumber(last, out var to) || to < from) return false;
        layers = new LayerRange(from, to);
        return true;
    }

    public override string ToString() =>
        this == All ? AllName : string.Create(CultureInfo.InvariantCulture, $"{First}{Dots}{Last}");

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>As people write it, so that profiles and requests read alike.</summary>
internal sealed class LayerRangeJson : JsonConverter<LayerRange>
{
    public override LayerRange Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && LayerRange.TryParse(reader.GetString(), out var layers)
            ? layers
            : throw new JsonException();        // without a message, so that the serializer's names the member

    public override void Write(Utf8JsonWriter writer, LayerRange value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
