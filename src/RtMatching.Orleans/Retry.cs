using System.Diagnostics;

namespace RtMatching.Orleans;

/// <summary>Calls that may be made twice, made again where they got lost with a silo.</summary>
public static class Retry
{
    /// <summary>A silo that was killed is known to be dead after about ten seconds; then its grains are made elsewhere.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Task LostAsync(Func<CancellationToken, Task> call, CancellationToken cancellation) => LostAsync(async token =>
    {
        await call(token);
        return true;
    }, cancellation);

    /// <param name="call">Idempotent.</param>
    public static async Task<T> LostAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await call(cancellation);
            }
            catch (Exception e) when (Losses.IsLoss(e, cancellation) && Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }
}
