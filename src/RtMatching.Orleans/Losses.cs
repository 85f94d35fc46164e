using System.Net.Sockets;
using Orleans;
using Orleans.Runtime;

namespace RtMatching.Orleans;

/// <summary>Tells calls that got lost with a silo, or found none, from those that were answered with an error.</summary>
public static class Losses
{
    /// <summary>The call may not have been worked on, or its answer was lost: what is idempotent may be asked again.</summary>
    public static bool IsLoss(Exception exception, CancellationToken cancellation) => !cancellation.IsCancellationRequested && exception switch
    {
        OrleansException or TimeoutException or SocketException => true,
        OperationCanceledException => true,                     // not by whoever called: the silo stops
        ObjectDisposedException => true,                        // this silo stops
        AggregateException { InnerException: { } inner } => IsLoss(inner, cancellation),
        _ => false,
    };
}
