namespace RtMatching.Server.Security;

/// <summary>What every answer tells a browser and a cache. An endpoint that needs otherwise sets its own.</summary>
internal static class AnswerHeaders
{
    private const string Nothing = "default-src 'none'; frame-ancestors 'none'";

    public static void UseAnswerHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.TryAdd("Content-Security-Policy", context.GetEndpoint()?.Metadata.GetMetadata<BrowserPage>()?.ContentSecurityPolicy ?? Nothing);
            headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
            headers.TryAdd("Referrer-Policy", "no-referrer");
            headers.TryAdd("Cache-Control", "no-store");   // CVs belong into no cache on the way
            return Task.CompletedTask;
        });
        return next(context);
    });
}
