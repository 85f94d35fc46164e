using System.Security.Cryptography;
using System.Text;
using Npgsql;
using RtMatching.Core.Operations;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /status</c>: the status view for people, one page that renews itself and needs nothing but a browser.</summary>
internal static class StatusPage
{
    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/status", HandleAsync)
        .WithName("StatusPage")
        .WithSummary("The status as a page")
        .WithDescription("For a browser: the same report as `/v1/status`, renewed every few seconds, with no script needed and nothing loaded from elsewhere.")
        .WithTags("operations")
        .WithMetadata(new BrowserPage())
        .WithMetadata(new EndpointExample { Response = "<!doctype html><html lang=\"en\">...</html>" })
        .Produces(StatusCodes.Status200OK, contentType: "text/html")
        .Produces(StatusCodes.Status503ServiceUnavailable, contentType: "text/html");

    private static async Task HandleAsync(SharedStatus status, Caller caller, HttpContext context, CancellationToken cancellation)
    {
        StatusReport? report = null;
        try
        {
            report = await status.ReadAsync(caller.Tenant, cancellation);
        }
        catch (NpgsqlException)
        {
            // A page that says so and tries again by itself serves an operator better than a problem document.
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }

        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        SetHeaders(context.Response, nonce);
        var page = new StringWriter();
        StatusHtml.Write(page, report, nonce);
        await context.Response.WriteAsync(page.ToString(), Encoding.UTF8, cancellation);
    }

    private static void SetHeaders(HttpResponse response, string nonce)
    {
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = $"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XContentTypeOptions = "nosniff";
    }
}
