using System.Net.Sockets;
using System.Text;

namespace RtMatching.Tests.Server;

/// <summary>Bytes on a socket, for requests that an HTTP client is too polite to send.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _client = new();

    public static async Task<RawConnection> OpenAsync(string address)
    {
        var connection = new RawConnection();
        var uri = new Uri(address);
        await connection._client.ConnectAsync(uri.Host, uri.Port);
        return connection;
    }

    public async Task SendAsync(string text) => await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>All that comes until the server closes, which a request with <c>Connection: close</c> or a broken one makes it do.</summary>
    public async Task<string> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var received = new MemoryStream();
        try
        {
            await _client.GetStream().CopyToAsync(received, patience.Token);
        }
        catch (IOException)
        {
            // Closed with bytes of ours unread: what had come before is the answer.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    /// <summary>The answer's status; 0 where the connection was closed without one.</summary>
    public async Task<int> StatusAsync() => Status(await ReadAsync());

    public static int Status(string answer) =>
        answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), provider: null) : 0;

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
