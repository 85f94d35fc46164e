using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>PostgreSQL's own client programs: pg_dump, pg_restore, psql. They need no server beside them.</summary>
/// <param name="Version">Major version.</param>
internal sealed record PostgresClient(int Version, string Folder)
{
    private const int MostErrors = 3;
    private const int LongestError = 300;

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

    /// <summary>Runs one of them to its end, with the connection in its environment and its messages in English.</summary>
    /// <param name="connectionString">Null where it needs no server.</param>
    public Task<(int Code, string Output)> RunAsync(
        string program, string? connectionString, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var environment = connectionString is null ? [] : LibpqEnvironment.Of(connectionString);
        environment["LC_ALL"] = "C";
        return ProgramRun.RunAsync(Path.Combine(Folder, program), arguments, cancellation, environment);
    }

    /// <exception cref="DatabaseSetupException">It failed.</exception>
    public async Task RequireSuccessAsync(string program, string connectionString, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var (code, output) = await RunAsync(program, connectionString, arguments, cancellation);
        if (code != 0) throw new DatabaseSetupException($"{program} failed ({code}), and nothing was changed: {Errors(output)}");
    }

    /// <summary>What went wrong, without the rows at which it did: these may be a CV's.</summary>
    public static string Errors(string output)
    {
        var errors = output.Split('\n')
            .Where(line => line.StartsWith("pg_", StringComparison.Ordinal) && line.Contains("error:", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf("error:", StringComparison.Ordinal) + "error:".Length)..].Trim());
        return string.Join("; ", errors.Select(line => line.Length > LongestError ? line[..LongestError] : line).Take(MostErrors));
    }

    /// <summary>The database as an argument: its bare name would be taken for a connection string where it looks like one.</summary>
    public static string Named(string connectionString)
    {
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database ?? "";
        return $"dbname='{name.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'";
    }

    private static async Task<PostgresClient?> ReadAsync(string folder, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(folder, "pg_dump")) || !File.Exists(Path.Combine(folder, "pg_restore"))) return null;
        var (code, output) = await ProgramRun.RunAsync(Path.Combine(folder, "pg_dump"), ["--version"], cancellation);
        var match = Regex.Match(output, @"\(PostgreSQL\) (\d+)");
        return code == 0 && match.Success ? new PostgresClient(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), folder) : null;
    }
}
