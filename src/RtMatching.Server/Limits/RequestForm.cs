using Microsoft.Extensions.Primitives;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Limits;

/// <summary>Requests whose form is legal somewhere but means trouble here, and HEAD.</summary>
internal sealed class RequestForm(RequestDelegate next)
{
    /// <summary>Where Kestrel puts a Content-Length that came along with Transfer-Encoding.</summary>
    private const string OverruledLength = "X-Content-Length";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.ContainsKey(OverruledLength) && !StringValues.IsNullOrEmpty(request.Headers.TransferEncoding))
        {
            // A proxy in front may have believed the other of the two, and taken for the body what we would take for the next request.
            context.Response.Headers.Connection = "close";
            return ProblemAnswers.WriteAsync(context, ProblemException.BadRequest(
                "The request gives its body's length twice, by Content-Length and by Transfer-Encoding; send one of them."));
        }

        // Kestrel remembers that it was HEAD and leaves out the body.
        if (HttpMethods.IsHead(request.Method)) request.Method = HttpMethods.Get;
        return next(context);
    }
}
