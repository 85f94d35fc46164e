using System.Reflection;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <param name="Owner">Who owns the tables.</param>
/// <param name="Migrations">Applied, in all.</param>
/// <param name="Writer">Who was granted what the program needs; null where the owner is no NAME_owner of infra/postgres/roles.sql.</param>
/// <param name="Reader">Who was granted what reports need; null likewise.</param>
public sealed record MigrationReport(string Owner, long Migrations, string? Writer, string? Reader);

/// <summary>
/// What only the tables' owner does: migrations, Orleans's tables, grants. A program whose role owns everything does the first two by
/// itself when it needs them; one whose role owns nothing (infra/postgres/roles.sql) is told who has to.
/// </summary>
public static class DatabaseOwner
{
    internal const string Remedy = "with the owner's connection string run: rtmatch db migrate (infra/postgres/README.md)";

    /// <summary>Brings an opened, and so migrated, database to where programs that own nothing find all they need. Idempotent.</summary>
    /// <exception cref="DatabaseSetupException">This role does not own the tables; the message says who does.</exception>
    public static async Task<MigrationReport> PrepareAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        await RequireAsync(connection, "Tables and rights are not this role's affair", cancellation);
        await ClusterTables.ApplyAsync(database.Source, cancellation);
        var roles = await GrantAsync(connection, cancellation);
        await using var command = new NpgsqlCommand("select current_user::text, count(*) from schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new MigrationReport(reader.GetString(0), reader.GetInt64(1), roles?.Writer, roles?.Reader);
    }

    /// <param name="problem">The message begins with it.</param>
    /// <exception cref="DatabaseSetupException">Tables are another role's to make here.</exception>
    internal static async Task RequireAsync(NpgsqlConnection connection, string problem, CancellationToken cancellation)
    {
        // Before there are tables, a database that roles.sql has given to NAME_owner awaits that role's: whoever else made them, NAME_writer
        // would have no rights to them.
        await using var command = new NpgsqlCommand("""
            select current_user::text, coalesce(has_schema_privilege(current_schema(), 'create'), false), coalesce(
                (select pg_get_userbyid(relowner) from pg_class where oid = to_regclass('schema_migrations')),
                (select o.rolname from pg_database d join pg_roles o on o.oid = d.datdba
                 where d.datname = current_database() and o.rolname like '%\_owner'
                    and exists (select from pg_roles w where w.rolname = regexp_replace(o.rolname, '_owner$', '_writer'))))::text
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (role, owner) = (reader.GetString(0), reader.IsDBNull(2) ? null : reader.GetString(2));
        if (owner is null ? reader.GetBoolean(1) : owner == role) return;
        var why = owner is null ? "may not make tables here" : $"is not {owner}, to whom they belong";
        throw new DatabaseSetupException($"{problem}: role {role} {why}; {Remedy}");
    }

    /// <summary>Runs infra/postgres/grants.sql.</summary>
    /// <returns>To whom; null where this role is no NAME_owner beside a NAME_writer and a NAME_reader.</returns>
    private static async Task<(string Writer, string Reader)?> GrantAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Two at once would fail on the same rows.
        await transaction.ExecuteAsync("select pg_advisory_xact_lock($1)", cancellation, Migrator.LockKey);
        if (await NamesAsync(transaction, cancellation) is not { } names) return null;
        var sql = names.Aggregate(GrantsSql(), (text, name) => text.Replace($":\"{name.Key}\"", Quoted(name.Value), StringComparison.Ordinal));
        await using var grant = new NpgsqlCommand(sql, connection, transaction);
        await grant.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return (names["writer"], names["reader"]);
    }

    private static async Task<Dictionary<string, string>?> NamesAsync(NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        var names = await transaction.ScalarAsync("""
            select array[o.rolname, w.rolname, r.rolname, current_database(), current_schema()]::text[]
            from pg_roles o
            join pg_roles w on w.rolname = regexp_replace(o.rolname, '_owner$', '_writer')
            join pg_roles r on r.rolname = regexp_replace(o.rolname, '_owner$', '_reader')
            where o.rolname = current_user and o.rolname like '%\_owner'
            """, cancellation) as string[];
        return names is null ? null : new()
        {
            ["owner"] = names[0], ["writer"] = names[1], ["reader"] = names[2], ["database"] = names[3], ["schema"] = names[4],
        };
    }

    private static string Quoted(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string GrantsSql()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("grants.sql")!);
        return reader.ReadToEnd();
    }
}
