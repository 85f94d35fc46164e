using System.Globalization;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Storage;

/// <summary>PostgreSQL's own client programs: pg_dump, pg_restore, psql. They need no server beside them.</summary>
/// <param name="Version">Major version.</param>
internal sealed record PostgresClient(int Version, string Folder)
{
    /// <summary>Those of the server's own version, else the next newer ones: older ones cannot read it.</summary>
    /// <param name="server">The server's major version.</param>
    /// <exception cref="DatabaseSetupException">There are none; the message says how to get them.</exception>
    public static async Task<PostgresClient> RequireAsync(int server, CancellationToken cancellation)
    {
        var found = new List<PostgresClient>();
        foreach (var folder in PostgresBinaries.Folders())
            if (await ReadAsync(folder, cancellation) is { } client) found.Add(client);
        return found.Where(client => client.Version >= server).OrderBy(client => client.Version).FirstOrDefault()
            ?? throw new DatabaseSetupException(
                $"pg_dump and pg_restore of PostgreSQL {server} (the server's version) or newer are not installed" +
                (found.Count > 0 ? $", only {string.Join(", ", found.Select(client => client.Version).Distinct().Order())}" : "") +
                $". On Debian or Ubuntu run: sudo apt install postgresql-client-{server}");
    }

    /// <summary>Runs one of them to its end, with the connection in its environment.</summary>
    /// <param name="connectionString">Null where it needs no server.</param>
    public Task<(int Code, string Output)> RunAsync(string program, string? connectionString, IEnumerable<string> arguments, CancellationToken cancellation) =>
        ProgramRun.RunAsync(Path.Combine(Folder, program), arguments, cancellation, connectionString is null ? null : LibpqEnvironment.Of(connectionString));

    private static async Task<PostgresClient?> ReadAsync(string folder, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(folder, "pg_dump")) || !File.Exists(Path.Combine(folder, "pg_restore"))) return null;
        var (code, output) = await ProgramRun.RunAsync(Path.Combine(folder, "pg_dump"), ["--version"], cancellation);
        var match = Regex.Match(output, @"\(PostgreSQL\) (\d+)");
        return code == 0 && match.Success ? new PostgresClient(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), folder) : null;
    }
}
