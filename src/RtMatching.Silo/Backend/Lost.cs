using Orleans.Runtime;
using RtMatching.Orleans;
using RtMatching.Server.Errors;

namespace RtMatching.Silo.Backend;

/// <summary>What got lost with a silo, and again, told so to whoever asked over HTTP.</summary>
internal static class Lost
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public static Task ToldAsync(Func<Task> work) => ToldAsync(async () =>
    {
        await work();
        return true;
    });

    public static async Task<T> ToldAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            throw new ProblemException(503, "A silo went away.", "Whoever would have answered went away with it; send the request again.")
            {
                RetryAfter = Pause,
            };
        }
    }
}
