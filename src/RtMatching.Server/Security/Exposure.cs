using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace RtMatching.Server.Security;

/// <summary>Whether others than this machine's own users can reach the server; told from where it really listens.</summary>
internal sealed class Exposure(IServer server, IHostApplicationLifetime lifetime, ServerOptions options)
{
    private bool? _onlyLoopback;

    /// <summary>True until everything is bound: a request may arrive at one address while the next is still being opened.</summary>
    public bool KeysRequired
    {
        get
        {
            if (options.RequireKeys) return true;
            if (!lifetime.ApplicationStarted.IsCancellationRequested) return true;
            return !(_onlyLoopback ??= server.Features.Get<IServerAddressesFeature>() is { Addresses.Count: > 0 } bound && bound.Addresses.All(IsLocal));
        }
    }

    /// <summary>For the line that a program says when it listens.</summary>
    public string Describe() => KeysRequired ? "API keys required" : "no API keys needed, on loopback only";

    /// <summary>
    /// Loopback or a unix socket, which file permissions guard. Any other name counts as the network, whatever it resolves to: ASP.NET
    /// listens everywhere for a name that is not an address.
    /// </summary>
    internal static bool IsLocal(string url)
    {
        var address = BindingAddress.Parse(url);
        if (address.IsUnixPipe) return true;
        if (address.IsNamedPipe) return false;
        return IsLoopbackName(address.Host);
    }

    internal static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
}
