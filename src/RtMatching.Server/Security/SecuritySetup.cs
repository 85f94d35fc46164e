using RtMatching.Core.Security;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Security;

/// <summary>Wires who may ask.</summary>
internal static class SecuritySetup
{
    public static void AddSecurity(this IServiceCollection services)
    {
        services.AddSingleton<Exposure>();
        services.AddSingleton(provider => new ApiKeyStore(provider.GetRequiredService<Database>()));
        services.AddSingleton(provider => new KnownKeys(provider.GetRequiredService<ApiKeyStore>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
    }

    /// <summary>After routing: what an endpoint asks for depends on the endpoint.</summary>
    public static void UseSecurity(this IApplicationBuilder app)
    {
        app.UseMiddleware<BrowserGuard>();
        app.UseMiddleware<KeyGate>();
    }
}
