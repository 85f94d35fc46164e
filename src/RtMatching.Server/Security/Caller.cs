namespace RtMatching.Server.Security;

/// <summary>Who asks: handlers take it as a parameter and pass its tenant on.</summary>
/// <param name="Tenant">Whose documents are seen and changed.</param>
/// <param name="KeyId">Of the API key; null where none is required.</param>
public sealed record Caller(string Tenant, long? KeyId)
{
    public static Caller Anonymous { get; } = new("default", null);

    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult<Caller?>(context.Features.Get<Caller>() ?? Anonymous);
}
