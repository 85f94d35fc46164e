using System.Globalization;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Storage;

/// <summary>What a file of <see cref="DatabaseBackup"/> says about itself, read before anything is touched.</summary>
/// <param name="Postgres">Major version of the server that it came from.</param>
/// <param name="Migrations">Applied then: number and checksum.</param>
internal sealed record BackupFile(int Postgres, IReadOnlyList<(int Number, string Name, string Checksum)> Migrations)
{
    /// <exception cref="DatabaseSetupException">No backup, or not one of rtmatch.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static async Task<BackupFile> ReadAsync(PostgresClient client, string path, CancellationToken cancellation)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"there is no file {path}");
        var contents = await AskAsync(client, path, ["--list"], cancellation);
        var version = Regex.Match(contents, @"Dumped from database version: (\d+)");
        if (!version.Success || !Regex.IsMatch(contents, @" TABLE DATA \S+ schema_migrations "))
            throw new DatabaseSetupException($"{path} is a dump of something else: it holds no schema_migrations of rtmatch.");
        var rows = await AskAsync(client, path, ["--data-only", "--table=schema_migrations", "--file=-"], cancellation);
        return new BackupFile(int.Parse(version.Groups[1].Value, CultureInfo.InvariantCulture), Migrated(rows));
    }

    private static async Task<string> AskAsync(PostgresClient client, string path, IEnumerable<string> what, CancellationToken cancellation)
    {
        var (code, output) = await client.RunAsync("pg_restore", connectionString: null, [.. what, path], cancellation);
        return code == 0 ? output
            : throw new DatabaseSetupException($"{path} is no whole backup made by 'rtmatch db backup': {PostgresClient.Errors(output)}");
    }

    /// <summary>The rows of COPY: columns with tabs between them.</summary>
    private static List<(int Number, string Name, string Checksum)> Migrated(string script) =>
    [
        .. script.Split('\n').SkipWhile(line => !line.StartsWith("COPY ", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line != @"\.")
            .Select(line => line.Split('\t')).Where(columns => columns.Length >= 3)
            .Select(columns => (int.TryParse(columns[0], CultureInfo.InvariantCulture, out var number) ? number : -1, columns[1], columns[2]))
            .OrderBy(row => row.Item1),
    ];
}
