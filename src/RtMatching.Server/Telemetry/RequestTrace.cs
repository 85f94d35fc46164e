using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace RtMatching.Server.Telemetry;

/// <summary>
/// Gives a request's span its name, route and status, after OpenTelemetry's conventions for HTTP servers: .NET 10 tells only what is known
/// when it begins. The route has placeholders where a path has names.
/// </summary>
internal static class RequestTrace
{
    /// <summary>Before everything else, so that it sees the status that is sent.</summary>
    public static void UseRequestTrace(this IApplicationBuilder app) => app.Use(async (HttpContext context, RequestDelegate next) =>
    {
        try
        {
            await next(context);
        }
        finally
        {
            Describe(context);
        }
    });

    /// <summary>Null where no endpoint took the request. Of one that failed, the middleware took the endpoint off and kept it elsewhere.</summary>
    public static string? Route(HttpContext context) =>
        ((context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint) as RouteEndpoint)?.RoutePattern.RawText;

    private static void Describe(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } activity) return;
        var (route, method, status) = (Route(context), Method(context.Request), context.Response.StatusCode);
        activity.DisplayName = route is null ? method ?? "HTTP" : $"{method ?? "HTTP"} {route}";
        activity.SetTag("http.request.method", method ?? "_OTHER");
        activity.SetTag("http.route", route);
        activity.SetTag("http.response.status_code", status);
        if (status < StatusCodes.Status500InternalServerError) return;
        activity.SetTag("error.type", status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        activity.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>A method of the standard; anybody can send another word.</summary>
    private static string? Method(HttpRequest request) => HttpMethods.GetCanonicalizedValue(request.Method) is var method
        && method is "GET" or "POST" or "PUT" or "DELETE" or "HEAD" or "OPTIONS" or "PATCH" or "TRACE" or "CONNECT" ? method : null;
}
