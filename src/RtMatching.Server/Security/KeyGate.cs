using Microsoft.AspNetCore.Authorization;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Security;

/// <summary>Lets nobody through without an API key where one is needed, and tells the endpoints who asks.</summary>
internal sealed class KeyGate(RequestDelegate next, KnownKeys keys, Exposure exposure)
{
    private const string HowToSend = "Send Authorization: Bearer KEY, or X-Api-Key: KEY";
    private const string HowToMake = "'rtmatch keys create NAME' makes a key.";

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is null && await RefusalAsync(context, endpoint) is { } refusal)
        {
            context.Response.Headers.WWWAuthenticate = endpoint?.Metadata.GetMetadata<BrowserPage>() is null
                ? "Bearer realm=\"RtMatching\""
                : "Basic realm=\"RtMatching: any name, an API key as the password\", charset=\"UTF-8\"";
            await ProblemAnswers.WriteAsync(context, new ProblemException(StatusCodes.Status401Unauthorized, "An API key is needed.", refusal));
            return;
        }

        await next(context);
    }

    /// <summary>Null where the caller is welcome, and then it is known. A key that is given is checked even where none is needed.</summary>
    private async Task<string?> RefusalAsync(HttpContext context, Endpoint? endpoint)
    {
        if (PresentedKey.Of(context.Request) is not { } given)
            return exposure.KeysRequired ? $"This server is reachable from elsewhere, so each request brings a key. {HowToSend}; {HowToMake}" : null;
        if (given.ByBrowser && endpoint?.Metadata.GetMetadata<BrowserPage>() is null)
            return $"A key as a password is taken by pages for people only. {HowToSend}.";
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        switch (await keys.FindAsync(given.Text, address, context.RequestAborted))
        {
            case null:
                return $"The key is unknown: mistyped, or of another server. {HowToSend}; {HowToMake}";
            case { RevokedAt: not null }:
                return $"The key has been revoked. {HowToMake}";
            case var key:
                context.Features.Set(new Caller(key.Tenant, key.Id));
                return null;
        }
    }
}
