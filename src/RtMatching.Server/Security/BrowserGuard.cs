using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Primitives;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Security;

/// <summary>
/// Keeps a web page from driving a server through the browser of someone who may use it: one on loopback needs no key, and a browser sends
/// a Basic password by itself. A key in a header of its own is proof enough, for no page can make a browser add that unasked.
/// </summary>
internal sealed class BrowserGuard(RequestDelegate next, Exposure exposure)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null) return next(context);
        if (PresentedKey.Of(context.Request) is { ByBrowser: false }) return next(context);
        if (!exposure.KeysRequired && !IsOwnName(context))
            throw new ProblemException(StatusCodes.Status421MisdirectedRequest, "Not this server's name.",
                "Without an API key this server answers to localhost, 127.0.0.1 and [::1] only, so that no web page reaches it under a name of its own. Call it by one of these, or send a key.");
        if (IsFromAnotherSite(context.Request))
            throw new ProblemException(StatusCodes.Status403Forbidden, "Not for web pages of other sites.",
                "A browser sent this for a page of another site. Call the API from a program, or send an API key in a header.");
        return next(context);
    }

    /// <summary>A name that resolves to loopback only today (DNS rebinding) is none. Unix sockets have no names, and browsers do not reach them.</summary>
    private static bool IsOwnName(HttpContext context) =>
        context.Connection.LocalIpAddress is null || Exposure.IsLoopbackName(context.Request.Host.Host.Trim('[', ']'));

    private static bool IsFromAnotherSite(HttpRequest request)
    {
        if (request.Headers.Origin is { Count: > 0 } origin && !IsOwnOrigin(origin, request.Host)) return true;
        if (request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none") return false;

        // Following a link to a page is not driving the server.
        return !(HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document");
    }

    // The scheme is not compared: behind a proxy that ends TLS it is another.
    private static bool IsOwnOrigin(StringValues origin, HostString host) =>
        Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri) && uri.Authority.Equals(host.Value, StringComparison.OrdinalIgnoreCase);
}
