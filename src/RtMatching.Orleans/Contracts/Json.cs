using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans;
using Orleans.Concurrency;

namespace RtMatching.Orleans.Contracts;

/// <summary>
/// A value of Core on its way between silos, as JSON in UTF-8: members that one version has and the other has not are left out or at their
/// defaults, so that silos of two versions understand each other while a cluster is renewed.
/// </summary>
[GenerateSerializer, Immutable, Alias("rtmatch.Json")]
public sealed record Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    [Id(0)]
    public byte[] Utf8 { get; init; } = [];

    public static Json Of<T>(T value) => new() { Utf8 = JsonSerializer.SerializeToUtf8Bytes(value, Options) };

    /// <exception cref="JsonException">The bytes are not of such a value.</exception>
    public T Read<T>() => JsonSerializer.Deserialize<T>(Utf8, Options) ?? throw new JsonException($"There is no {typeof(T).Name} in it.");

    /// <summary>Its size only: what logs print must not hold a text.</summary>
    public override string ToString() => $"{Utf8.Length} bytes of JSON";
}
