using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace RtMatching.Server.OpenApi;

/// <summary>
/// Completes what ASP.NET knows of an endpoint: the examples of its <see cref="EndpointExample"/>, the form of bodies that are streamed, and
/// the refusals that any endpoint may answer with.
/// </summary>
internal sealed class OperationDetails(IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json) : IOpenApiOperationTransformer
{
    private const string Problem = "application/problem+json";

    /// <summary>What stands before every endpoint: keys, limits, load.</summary>
    private static readonly Dictionary<string, string> Refusals = new()
    {
        ["401"] = "An API key is missing, unknown or revoked.",
        ["429"] = "Too many requests of this caller; `Retry-After` says when to ask again.",
        ["503"] = "Too busy, or the database does not answer; `Retry-After` says when to ask again.",
    };

    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<StreamedBody>().LastOrDefault() is { } streamed) operation.RequestBody = streamed.Describe();
        foreach (var (type, media) in Bodies(operation.RequestBody?.Content)) DescribeStream(type, media);
        if (metadata.OfType<EndpointExample>().LastOrDefault() is { } example) Add(example, operation);
        if (!metadata.OfType<IAllowAnonymous>().Any()) await AddRefusalsAsync(operation, context, cancellation);
    }

    private void Add(EndpointExample example, OpenApiOperation operation)
    {
        foreach (var (type, media) in Bodies(operation.RequestBody?.Content)) media.Example = Node(example.Request, type);
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (status[0] != '2') continue;
            foreach (var (type, media) in Bodies(response.Content)) media.Example = Node(example.Response, type);
        }

        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            if (parameter.Name is { } name && example.Parameters.TryGetValue(name, out var value)) parameter.Example = Node(value, "");
    }

    private JsonNode? Node(object? value, string type)
    {
        if (value is IReadOnlyDictionary<string, object> byType && type.Length > 0) value = byType.GetValueOrDefault(type);
        return value is null ? null : JsonSerializer.SerializeToNode(value, json.Value.SerializerOptions);
    }

    private static IEnumerable<KeyValuePair<string, OpenApiMediaType>> Bodies(IDictionary<string, OpenApiMediaType>? content) =>
        content ?? new Dictionary<string, OpenApiMediaType>();

    /// <summary>The endpoints that read such a body themselves know its form; ASP.NET only sees a stream.</summary>
    private static void DescribeStream(string type, OpenApiMediaType media)
    {
        if (type.EndsWith("json", StringComparison.Ordinal) && !type.EndsWith("ndjson", StringComparison.Ordinal)) return;
        media.Schema = type == "multipart/form-data" ? Files() : new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Format = type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("ndjson", StringComparison.Ordinal) ? null : "binary",
        };
    }

    private static OpenApiSchema Files() => new()
    {
        Type = JsonSchemaType.Object,
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["file"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                Description = "Any number of parts; a part's file name may hold folders, and names the document.",
            },
        },
    };

    private static async Task AddRefusalsAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        operation.Responses ??= [];
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(nameof(ProblemDetails)) != true)
            document.AddComponent(nameof(ProblemDetails), await context.GetOrCreateSchemaAsync(typeof(ProblemDetails), cancellationToken: cancellation));
        foreach (var (status, description) in Refusals)
        {
            if (operation.Responses.ContainsKey(status)) continue;
            operation.Responses[status] = new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType> { [Problem] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemDetails), document) } },
            };
        }
    }
}
