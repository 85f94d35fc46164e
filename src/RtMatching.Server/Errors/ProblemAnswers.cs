using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace RtMatching.Server.Errors;

/// <summary>Turns whatever goes wrong into problem+json (RFC 9457) with the right status.</summary>
internal sealed class ProblemAnswers(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellation)
    {
        if (context.RequestAborted.IsCancellationRequested) return true;      // nobody is there to be told
        var (status, title, detail) = Describe(exception);
        context.Response.StatusCode = status;
        if (exception is ProblemException { RetryAfter: { } wait }) context.Response.Headers.RetryAfter = $"{(long)Math.Ceiling(wait.TotalSeconds)}";
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails { Status = status, Title = title, Detail = detail },
        });
    }

    private static (int Status, string Title, string Detail) Describe(Exception exception) => exception switch
    {
        ProblemException problem => (problem.Status, problem.Title, problem.Message),
        BadHttpRequestException bad => (bad.StatusCode, "The request cannot be understood.", bad.Message),
        ArgumentException argument => (400, "The request cannot be understood.", argument.Message),
        KeyNotFoundException missing => (404, "There is no such thing.", missing.Message),
        NpgsqlException => (503, "The database does not answer.", "Try again in a moment; an operator finds the cause in the server's log."),
        _ => (500, "Something went wrong here.", "It is not the request's fault as far as is known; an operator finds the cause in the server's log."),
    };
}
