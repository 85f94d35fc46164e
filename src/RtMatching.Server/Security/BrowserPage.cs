namespace RtMatching.Server.Security;

/// <summary>
/// Metadata of a page that people open in a browser, <c>.WithMetadata(new BrowserPage())</c>: it takes the API key as the password of HTTP
/// Basic, so that the browser asks for it.
/// </summary>
/// <param name="ContentSecurityPolicy">What the page may load and run; null where the endpoint says it itself, or needs nothing.</param>
internal sealed record BrowserPage(string? ContentSecurityPolicy = null);
