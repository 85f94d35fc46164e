using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.OpenApi;

/// <summary>What <c>/openapi.json</c> says about the API as a whole; see <see cref="OperationDetails"/> for the single endpoint.</summary>
internal static class OpenApiSetup
{
    private const string Bearer = "bearer";
    private const string Header = "api_key";

    private const string Description = """
        Matches résumés to jobs: CVs and job descriptions in, ranked candidates with reasons out.

        JSON is in snake_case. Whatever goes wrong is told as `application/problem+json` (RFC 9457): `detail` names the thing and the remedy,
        `trace_id` is what the server's log and traces know the request by. Lists answer `items` and `next`, which goes into `after` for the
        next page. `429` and `503` carry `Retry-After`. A submission sent again with the same `Idempotency-Key` is done once.
        """;

    /// <summary>What endpoints are grouped by.</summary>
    private static readonly Dictionary<string, string> Tags = new()
    {
        ["ingestions"] = "CVs and jobs in, many at once, and what became of each.",
        ["documents"] = "Stored CVs and jobs, one at a time.",
        ["rankings"] = "Candidates for a job, jobs for a candidate.",
        ["profiles"] = "How documents are embedded: model, pooling, passes, preparation.",
        ["embeddings"] = "Texts to vectors, in OpenAI's form.",
        ["operations"] = "What an operator watches.",
    };

    public static void AddRtMatchingOpenApi(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } name ? NestedName(type.Type, name) : null;
        options.AddOperationTransformer<OperationDetails>();
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(ProblemDetails)) AddTraceId(schema);
            if (context.JsonTypeInfo.Type == typeof(LayerRange) || context.JsonTypeInfo.Type == typeof(LayerRange?)) DescribeLayers(schema);

            // What is left out where it says nothing is not required, though a record's constructor asks for it.
            schema.Required?.ExceptWith(context.JsonTypeInfo.Properties.Where(property => property.ShouldSerialize is not null).Select(property => property.Name));
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var open = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();
            operation.Security = open ? [] : Alternatives(context.Document!);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
    });

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = nameof(RtMatching),
            Version = typeof(OpenApiSetup).Assembly.GetName().Version!.ToString(3),
            Description = Description,
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "The server that this document came from." }];
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Key, Description = tag.Value }).ToHashSet();
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "`Authorization: Bearer rtm_...`, a key of `rtmatch keys create`. A server that listens on loopback only needs none.",
            },
            [Header] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-Api-Key",
                Description = "The same key, where a client cannot set Authorization.",
            },
        };
    }

    /// <summary>Several endpoints have a nested <c>Request</c>; under that name alone they would share one schema.</summary>
    private static string NestedName(Type type, string name) => type is { IsNested: true, DeclaringType: { } outer } ? outer.Name + name : name;

    private static void AddTraceId(OpenApiSchema schema)
    {
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What the server's log and traces know the request by." };
    }

    /// <summary>It writes itself, so the schema says nothing of it.</summary>
    private static void DescribeLayers(OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
        schema.Pattern = @"^(\d+\.\.\d+|all)$";
        schema.Description ??= LayerRange.Form;
    }

    /// <summary>Either of the two will do.</summary>
    private static List<OpenApiSecurityRequirement> Alternatives(OpenApiDocument document) =>
        [.. new[] { Bearer, Header }.Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] })];
}
