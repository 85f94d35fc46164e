namespace RtMatching.Silo.Shutdown;

/// <summary>
/// A silo that is told to stop: says so to load balancers and still answers (<see cref="Notice"/>) while its stations finish, then takes no
/// more requests and ends those in flight, in time (<see cref="RequestDeadline"/>), then hands its grains over and leaves the cluster.
/// </summary>
internal static class ShutdownSetup
{
    /// <summary>For grains to move and the cluster to be told. With the default time for finishing it stays below the 30 s that orchestrators give.</summary>
    public static readonly TimeSpan Farewell = TimeSpan.FromSeconds(8);

    public static void AddShutdown(this IServiceCollection services, TimeSpan shutdownTime)
    {
        services.AddHostedService<Notice>();
        services.AddSingleton<IStartupFilter>(provider => new RequestDeadline(provider.GetRequiredService<IHostApplicationLifetime>(), shutdownTime));
        services.Configure<HostOptions>(host =>
        {
            host.ServicesStopConcurrently = false;      // in the order of their start, backwards: HTTP first, Orleans last
            host.ShutdownTimeout = (shutdownTime > Notice.Time ? shutdownTime : Notice.Time) + Farewell;
        });
    }
}
