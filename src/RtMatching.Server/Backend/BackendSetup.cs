namespace RtMatching.Server.Backend;

/// <summary>Registers the work of this process.</summary>
internal static class BackendSetup
{
    public static void AddInProcessBackend(this IServiceCollection services, ServerOptions options)
    {
        _ = options;
        services.AddSingleton<IMatchingBackend, InProcessBackend>();
    }
}
