using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Endpoints;

/// <summary>Reads a JSON body so that what is wrong with it is told by the member's name, and never by its content.</summary>
internal static class JsonBody
{
    private static readonly JsonSerializerOptions Options = CreateOptions();

    /// <param name="maxBytes">A longer body is refused with 413 before it is held.</param>
    /// <exception cref="ProblemException">415, or 400 naming the member. Whether unknown members are errors, the type says.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, long maxBytes, CancellationToken cancellation)
    {
        if (!request.HasJsonContentType())
            throw new ProblemException(
                StatusCodes.Status415UnsupportedMediaType, "The body is of another kind.", "Send it as Content-Type: application/json.");
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = Math.Min(limit.MaxRequestBodySize ?? maxBytes, maxBytes);
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, Options, cancellation)
                ?? throw ProblemException.BadRequest("The body is null: send an object.");
        }
        catch (JsonException exception)
        {
            throw ProblemException.BadRequest(Describe(typeof(T), exception));
        }
        catch (NotSupportedException)     // the serializer's word for an object that does not tell which of several kinds it is
        {
            throw ProblemException.BadRequest("A stop rule does not tell which it is: it must be " + Expected(typeof(StopRule)) + ".");
        }
    }

    private static JsonSerializerOptions CreateOptions()
    {
        var json = new JsonSerializerOptions { AllowDuplicateProperties = false, RespectNullableAnnotations = true };
        ServiceSetup.Configure(json);
        json.TypeInfoResolver = new DefaultJsonTypeInfoResolver();
        json.MakeReadOnly();
        return json;
    }

    private static string Describe(Type type, JsonException exception)
    {
        var path = exception.Path?.TrimStart('$').TrimStart('.') ?? "";
        if (Unmapped(exception) is { } name)
        {
            if (path == name || path.EndsWith($".{name}", StringComparison.Ordinal)) path = path[..^name.Length].TrimEnd('.');
            var known = Members(TypeAt(type, path) ?? type).Select(member => member.Name);
            return $"There is no member \"{(path.Length > 0 ? $"{path}." : "")}{name}\" here; there are: {string.Join(", ", known)}.";
        }

        if (exception.Message.StartsWith("Duplicate", StringComparison.Ordinal)) return "The body gives a member twice.";
        if (exception.InnerException is JsonException || path.Length == 0) return $"The body is not the JSON expected{Place(exception)}.";
        return $"\"{path}\" must be {Expected(TypeAt(type, path))}.";
    }

    private static string Place(JsonException exception) => exception is { LineNumber: { } line, BytePositionInLine: { } position }
        ? $" (line {line + 1}, byte {position + 1})"
        : "";

    /// <summary>The serializer tells the member's name in its message alone.</summary>
    private static string? Unmapped(JsonException exception)
    {
        const string Marker = "could not be mapped to any .NET member";
        var parts = exception.Message.Split('\'');
        return parts.Length > 2 && exception.Message.Contains(Marker, StringComparison.Ordinal) ? parts[1] : null;
    }

    private static Type? TypeAt(Type type, string path)
    {
        foreach (var segment in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var member = Members(type).FirstOrDefault(member => member.Name == segment.Split('[')[0]);
            if (member is null) return null;
            var isElement = segment.Contains('[', StringComparison.Ordinal) && member.PropertyType.IsGenericType;
            type = isElement ? member.PropertyType.GenericTypeArguments[0] : member.PropertyType;
        }

        return Nullable.GetUnderlyingType(type) ?? type;
    }

    private static IEnumerable<JsonPropertyInfo> Members(Type type) =>
        Options.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Object } info ? info.Properties : [];

    private static string Expected(Type? type) => type switch
    {
        { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)),
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(string) => "a string",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(DateOnly) => "a date like 2026-01-31",
        _ when type == typeof(StopRule) => "an object whose \"rule\" is none, change, second_change or learned, with that rule's numbers",
        _ when type == typeof(LayerRange) => $"a string: {LayerRange.Form}",
        { IsGenericType: true } => "an array",
        _ => "of another kind",
    };
}
