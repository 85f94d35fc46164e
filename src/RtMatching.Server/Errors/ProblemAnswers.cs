using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Server.Telemetry;

namespace RtMatching.Server.Errors;

/// <summary>Turns whatever goes wrong into problem+json (RFC 9457) with the right status, and logs once what is not the client's fault.</summary>
internal sealed class ProblemAnswers(ILogger<ProblemAnswers> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellation)
    {
        if (context.RequestAborted.IsCancellationRequested) return true;      // nobody is there to be told
        var problem = Problems.Of(exception);

        // The route, never the path or query: those may hold names.
        if (problem.Status >= 500)
            log.LogError(exception, "{Method} {Route} is answered {Status}", context.Request.Method, Route(context), problem.Status);
        await WriteAsync(context, problem);
        return true;
    }

    /// <summary>For what no exception tells: a status without a body becomes a problem that names the remedy.</summary>
    public static Task ExplainStatusAsync(StatusCodeContext status)
    {
        var context = status.HttpContext;
        if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed && HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;     // Allow stands there already
            return Task.CompletedTask;
        }

        return WriteAsync(context, Problems.OfStatus(context.Response.StatusCode, context.Response.Headers.Allow.ToString()));
    }

    /// <summary>Whatever the client accepts: an error in a format that it did not ask for beats one without words.</summary>
    public static Task WriteAsync(HttpContext context, ProblemException problem)
    {
        if (problem.RetryAfter is { } wait) context.Response.Headers.RetryAfter = $"{(long)Math.Ceiling(wait.TotalSeconds)}";
        var details = new ProblemDetails { Status = problem.Status, Title = problem.Title, Detail = problem.Message };
        AddTraceId(details, context);
        return TypedResults.Problem(details).ExecuteAsync(context);
    }

    /// <summary>The id of the trace alone; ASP.NET would write its span and flags too.</summary>
    public static void AddTraceId(ProblemDetails details, HttpContext context) =>
        details.Extensions["trace_id"] = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    private static string Route(HttpContext context) => RequestTrace.Route(context) ?? "(no route)";
}
