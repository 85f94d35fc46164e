using Npgsql;

namespace RtMatching.Core.Storage;

/// <param name="File">Where it lies.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="Database">What it holds.</param>
/// <param name="Postgres">The server's major version; a restore needs one that is no older.</param>
public sealed record BackupReport(string File, long Bytes, string Database, int Postgres);

/// <summary>A whole database in one file, as it was at one moment: pg_dump's custom format. It holds CVs, and is for its owner's eyes.</summary>
public static class DatabaseBackup
{
    /// <summary>
    /// Tables whose rows mean nothing elsewhere or later: which silos ran then, and changes that are told by their transactions' numbers,
    /// which count anew on another server.
    /// </summary>
    private static readonly string[] LeftOut = ["*.ranking_changes", "orleans.membership", "orleans.membership_version"];

    /// <summary>Writes <paramref name="file"/>, which must not exist; it appears once it is whole. Programs may work on meanwhile.</summary>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    /// <exception cref="DatabaseSetupException">The message says what is missing: programs, tables, rights.</exception>
    public static async Task<BackupReport> WriteAsync(string connectionString, string file, CancellationToken cancellation = default)
    {
        var path = Path.GetFullPath(file);
        if (Path.Exists(path)) throw new IOException($"{file} exists already; name another file, or remove it first");
        var (database, version) = await LookAsync(connectionString, cancellation);
        var client = await PostgresClient.RequireAsync(version, cancellation);
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            CreatePrivate(temporary);
            var arguments = LeftOut.Select(table => $"--exclude-table-data={table}").Prepend($"--file={temporary}");
            await client.RequireSuccessAsync("pg_dump", connectionString,
                ["--format=custom", "--no-password", "--no-publications", "--no-subscriptions", .. arguments], cancellation);
            await using (var whole = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite)) whole.Flush(flushToDisk: true);
            File.Move(temporary, path, overwrite: false);
        }
        finally
        {
            File.Delete(temporary);
        }

        return new BackupReport(path, new FileInfo(path).Length, database, version);
    }

    /// <summary>Read and written by its owner alone, from the first byte on.</summary>
    private static void CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, options).Dispose();
    }

    private static async Task<(string Database, int Version)> LookAsync(string connectionString, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("""
            select current_database()::text, current_setting('server_version_num')::int / 10000, current_user::text, pg_get_userbyid(relowner)::text,
                pg_has_role(current_user, relowner, 'usage')
            from (select 1) here left join pg_class on oid = to_regclass('schema_migrations')
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var database = reader.GetString(0);
        if (reader.IsDBNull(3))
            throw new DatabaseSetupException($"Database {database} holds no tables of rtmatch that its role can see: there is nothing to back up.");
        return reader.GetBoolean(4) ? (database, reader.GetInt32(1))
            : throw new DatabaseSetupException(
                $"Role {reader.GetString(2)} may not read all of {database}: " +
                $"take the backup with the connection string of {reader.GetString(3)}, who owns it.");
    }
}
