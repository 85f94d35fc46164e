using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using RtMatching.Server.Commands;

namespace RtMatching.Silo.Clustering;

/// <summary>Where silos reach each other.</summary>
internal static class SiloAddresses
{
    // Below the ports that systems give to outgoing connections (32768 and up on Linux), so that none of those takes one that was free.
    private const int FirstPort = 20000;
    private const int EndOfPorts = 32000;
    private const int Attempts = 100;

    public static bool IsEverywhere(IPAddress address) => IPAddress.Any.Equals(address) || IPAddress.IPv6Any.Equals(address);

    /// <summary>The first address of an interface that leads somewhere.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static IPAddress OfMachine() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network is { OperationalStatus: OperationalStatus.Up, NetworkInterfaceType: not NetworkInterfaceType.Loopback })
        .Select(network => network.GetIPProperties())
        .OrderByDescending(properties => properties.GatewayAddresses.Count > 0)
        .SelectMany(properties => properties.UnicastAddresses, (_, unicast) => unicast.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))
        ?? throw new UsageException("this machine has no network address; write --advertise IP, or listen on loopback");

    /// <summary>Where a silo at this address listens: the address itself, or all where it is none of this machine's (a container's host, say).</summary>
    public static IPEndPoint ListeningAt(IPEndPoint advertised) =>
        CanListen(new IPEndPoint(advertised.Address, 0)) != SocketError.AddressNotAvailable ? advertised
        : new IPEndPoint(advertised.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, advertised.Port);

    /// <param name="port">0 for a free one: others must be told of it before it is listened on, so the system cannot choose.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static IPEndPoint At(IPAddress address, int port)
    {
        if (port == 0) return Free(address);
        var given = new IPEndPoint(address, port);
        return CanListen(ListeningAt(given)) == SocketError.Success ? given
            : throw new IOException($"port {port} of {address} is taken; choose another with --silo-port, or stop what listens there");
    }

    private static IPEndPoint Free(IPAddress address)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var candidate = new IPEndPoint(address, Random.Shared.Next(FirstPort, EndOfPorts));
            if (CanListen(ListeningAt(candidate)) == SocketError.Success) return candidate;
        }

        throw new IOException($"no free port found from {FirstPort} to {EndOfPorts}; write --silo-port PORT");
    }

    private static SocketError CanListen(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            return SocketError.Success;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }
}
