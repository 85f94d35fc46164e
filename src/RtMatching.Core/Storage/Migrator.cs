using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>Numbered SQL files, append-only, each applied once in a transaction with its record.</summary>
internal static class Migrator
{
    /// <summary>Any constant will do, so long as nobody else locks it: "rtmatch" in ASCII.</summary>
    internal const long LockKey = 0x72746d61746368;

    private sealed record Migration(int Number, string Name, string Sql)
    {
        public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));
    }

    /// <exception cref="DatabaseSetupException">
    /// The database is newer than this program, was migrated with other files, or belongs to another role, which has to migrate it.
    /// </exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellation);
            await ApplyAsync(connection, Embedded(), cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new DatabaseSetupException(
                $"PostgreSQL refused: {exception.MessageText}. A superuser runs infra/postgres/roles.sql once, then {DatabaseOwner.Remedy}", exception);
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, List<Migration> migrations, CancellationToken cancellation)
    {
        if (await AppliedAsync(connection, migrations, cancellation) == migrations.Count) return;   // The usual case takes no lock.
        await DatabaseOwner.RequireAsync(connection, "The database lacks tables of this version of rtmatch", cancellation);
        await ExecuteAsync(connection, $"select pg_advisory_lock({LockKey})", cancellation);
        try
        {
            await ExecuteAsync(connection,
                "create table if not exists schema_migrations (number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())",
                cancellation);
            var applied = await AppliedAsync(connection, migrations, cancellation);
            foreach (var migration in migrations.Skip(applied)) await ApplyAsync(connection, migration, cancellation);
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }

        await connection.ReloadTypesAsync(cancellation);   // The extension brought types that this pool has not seen.
    }

    /// <summary>Whether nothing is outstanding.</summary>
    /// <exception cref="DatabaseSetupException">The database is newer than this program, or was migrated with other files.</exception>
    public static async Task<bool> IsCurrentAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        var migrations = Embedded();
        await using var connection = await source.OpenConnectionAsync(cancellation);
        return await AppliedAsync(connection, migrations, cancellation) == migrations.Count;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, migration.Sql, cancellation);
        await using var record = new NpgsqlCommand("insert into schema_migrations (number, name, checksum) values ($1, $2, $3)", connection, transaction)
        {
            Parameters = { new() { Value = migration.Number }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
        };
        await record.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>How many are applied, all of them known and unchanged.</summary>
    private static async Task<int> AppliedAsync(NpgsqlConnection connection, List<Migration> migrations, CancellationToken cancellation)
    {
        await using (var exists = new NpgsqlCommand("select to_regclass('schema_migrations') is not null", connection))
            if (!(bool)(await exists.ExecuteScalarAsync(cancellation))!) return 0;

        await using var command = new NpgsqlCommand("select number, name, checksum from schema_migrations order by number", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var applied = new List<(int, string, string)>();
        while (await reader.ReadAsync(cancellation)) applied.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        Check(applied, migrations);
        return applied.Count;
    }

    /// <summary>Whether this program knows all of what is applied somewhere, and knows it so.</summary>
    /// <exception cref="DatabaseSetupException">It does not.</exception>
    public static void Check(IReadOnlyList<(int Number, string Name, string Checksum)> applied) => Check(applied, Embedded());

    private static void Check(IReadOnlyList<(int Number, string Name, string Checksum)> applied, List<Migration> migrations)
    {
        for (var i = 0; i < applied.Count; i++)
        {
            var (number, name, checksum) = applied[i];
            if (i >= migrations.Count) throw new DatabaseSetupException($"The database has migration {number} ({name}), which this version of rtmatch does not know; use a newer rtmatch.");
            if (migrations[i].Number != number || migrations[i].Checksum != checksum)
                throw new DatabaseSetupException($"The database was migrated with another {name} than this version of rtmatch carries; use the version that made it, or another database.");
        }
    }

    private static List<Migration> Embedded()
    {
        const string folder = ".Migrations.";
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Where(name => name.Contains(folder, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(resource =>
            {
                var name = resource[(resource.IndexOf(folder, StringComparison.Ordinal) + folder.Length)..^".sql".Length];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return new Migration(int.Parse(name.AsSpan(0, 4)), name, reader.ReadToEnd());
            })
            .ToList();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
