namespace RtMatching.Silo.Shutdown;

/// <summary>Ends requests that a stopping silo has answered for its whole shutdown time: without it, one that never ends would take the time that the cluster needs.</summary>
internal sealed class RequestDeadline : IStartupFilter, IDisposable
{
    private readonly CancellationTokenSource _over = new();

    public RequestDeadline(IHostApplicationLifetime lifetime, TimeSpan shutdownTime) =>
        lifetime.ApplicationStopping.Register(() => _over.CancelAfter(shutdownTime));

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (HttpContext context, RequestDelegate rest) =>
        {
            await using var abort = _over.Token.Register(context.Abort);
            await rest(context);
        });
        next(app);
    };

    public void Dispose() => _over.Dispose();
}
