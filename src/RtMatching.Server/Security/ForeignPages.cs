using Microsoft.AspNetCore.Authorization;

namespace RtMatching.Server.Security;

/// <summary>Pages that another library maps beside the API, for example a dashboard with its scripts and the data that they fetch.</summary>
public static class ForeignPages
{
    /// <summary>
    /// Scripts, pictures, fonts and data of this server alone, and no script inside a page. Styles may stand inside one: libraries that draw
    /// put them there, and a style runs nothing.
    /// </summary>
    public const string OwnAssetsOnly = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>
    /// Puts endpoints that know nothing of API keys behind them, as <c>/status</c> is: a browser asks its user for one and sends it along as
    /// the password of HTTP Basic, programs send it in a header. None of them stays open, whatever the library says; they stand in no
    /// <c>/openapi.json</c>; and no page of another site reaches them through a browser.
    /// <code>app.MapOrleansDashboard("/dashboard").RequireApiKey();</code>
    /// </summary>
    /// <param name="contentSecurityPolicy">What the pages may load and run, where an endpoint does not say so itself.</param>
    public static TBuilder RequireApiKey<TBuilder>(this TBuilder endpoints, string contentSecurityPolicy = OwnAssetsOnly)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.WithMetadata(new BrowserPage(contentSecurityPolicy)).ExcludeFromDescription();
        endpoints.Finally(Close);
        return endpoints;
    }

    private static void Close(EndpointBuilder endpoint)
    {
        for (var i = endpoint.Metadata.Count - 1; i >= 0; i--)
        {
            if (endpoint.Metadata[i] is IAllowAnonymous) endpoint.Metadata.RemoveAt(i);
        }
    }
}
