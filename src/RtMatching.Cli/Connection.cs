using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli;

/// <summary>Opens the database that a command works on.</summary>
internal static class Connection
{
    public static Task<Database> OpenAsync(ParseResult parsed, CancellationToken cancellation) =>
        OpenAsync(parsed.GetValue(CommonOptions.Database), cancellation);

    /// <summary>Where it is, whatever is in it.</summary>
    public static Task<string> FindAsync(ParseResult parsed, CancellationToken cancellation) =>
        Database.FindAsync(cancellation: cancellation, database: parsed.GetValue(CommonOptions.Database), say: Terminal.Say);

    public static Task<Database> OpenAsync(string? database, CancellationToken cancellation) =>
        Database.OpenAsync(cancellation: cancellation, database: database, say: Terminal.Say);
}
