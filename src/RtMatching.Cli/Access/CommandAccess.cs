using System.CommandLine;
using RtMatching.Cli.Remote;

namespace RtMatching.Cli.Access;

/// <summary>Opens what a command works on: the server that <c>--server</c> names, or else the database.</summary>
internal static class CommandAccess
{
    public static async Task<IIngestions> IngestionsAsync(ParseResult parsed, CancellationToken cancellation) =>
        ServerClient.From(parsed) is { } server ? new RemoteIngestions(server) : new LocalIngestions(await Connection.OpenAsync(parsed, cancellation));

    public static async Task<IDocuments> DocumentsAsync(ParseResult parsed, CancellationToken cancellation) =>
        ServerClient.From(parsed) is { } server ? new RemoteDocuments(server) : new LocalDocuments(await Connection.OpenAsync(parsed, cancellation));
}
