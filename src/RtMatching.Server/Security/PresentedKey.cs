using System.Net.Http.Headers;
using System.Text;

namespace RtMatching.Server.Security;

/// <summary>The API key that a request brings.</summary>
/// <param name="Text">As sent; not checked yet.</param>
/// <param name="ByBrowser">As the password of HTTP Basic, which a browser adds by itself to whatever a page asks for.</param>
internal sealed record PresentedKey(string Text, bool ByBrowser)
{
    private const string Header = "X-Api-Key";

    /// <summary>Null where the request brings none.</summary>
    public static PresentedKey? Of(HttpRequest request)
    {
        if (request.Headers.TryGetValue(Header, out var values)) return new PresentedKey(values.ToString(), ByBrowser: false);
        if (request.Headers.Authorization is not { Count: > 0 } authorization) return null;
        if (!AuthenticationHeaderValue.TryParse(authorization.ToString(), out var given)) return new PresentedKey("", ByBrowser: false);
        return given.Scheme.ToLowerInvariant() switch
        {
            "bearer" => new PresentedKey(given.Parameter ?? "", ByBrowser: false),
            "basic" => new PresentedKey(Password(given.Parameter ?? ""), ByBrowser: true),
            _ => new PresentedKey("", ByBrowser: false),
        };
    }

    /// <summary>What stands behind the colon; the user's name may be anything.</summary>
    private static string Password(string credentials)
    {
        var bytes = new byte[credentials.Length];
        if (!Convert.TryFromBase64String(credentials, bytes, out var length)) return "";
        var text = Encoding.Latin1.GetString(bytes, 0, length);
        return text[(text.IndexOf(':') + 1)..];
    }
}
