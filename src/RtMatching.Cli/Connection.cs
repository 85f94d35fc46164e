using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli;

/// <summary>Opens the database that a command works on.</summary>
internal static class Connection
{
    public static Task<Database> OpenAsync(ParseResult parsed, CancellationToken cancellation) =>
        OpenAsync(parsed.GetValue(CommonOptions.Database), cancellation);

    public static Task<Database> OpenAsync(string? database, CancellationToken cancellation) =>
        Database.OpenAsync(cancellation: cancellation, database: database, say: Terminal.Say);
}
