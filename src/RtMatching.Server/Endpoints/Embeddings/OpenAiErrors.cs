using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace RtMatching.Server.Endpoints.Embeddings;

/// <summary>
/// Problems of endpoints in OpenAI's form carry an <c>error</c> member too, which is where its clients look for the message.
/// Endpoints say so with <see cref="Shown"/> in their metadata.
/// </summary>
internal sealed class OpenAiErrors
{
    public static OpenAiErrors Shown { get; } = new();

    internal sealed record Error(string Message, string Type, string? Param, string? Code);

    public static void Add(ProblemDetailsContext context)
    {
        var endpoint = context.HttpContext.GetEndpoint() ?? context.HttpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint?.Metadata.GetMetadata<OpenAiErrors>() is null) return;
        context.ProblemDetails.Extensions["error"] = Describe(context.ProblemDetails);
    }

    private static Error Describe(ProblemDetails problem)
    {
        var (type, code) = problem.Status switch
        {
            401 => ("invalid_request_error", "invalid_api_key"),
            403 => ("permission_error", null),
            404 => ("invalid_request_error", "not_found"),
            429 => ("rate_limit_error", "rate_limit_exceeded"),
            >= 500 => ("server_error", null),
            _ => ("invalid_request_error", (string?)null),
        };
        return new Error(problem.Detail ?? problem.Title ?? "", type, null, code);
    }
}
