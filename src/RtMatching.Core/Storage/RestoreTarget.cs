using System.Text;
using Npgsql;

namespace RtMatching.Core.Storage;

internal enum TargetState { Missing, Empty, Occupied }

/// <summary>The place that a backup is restored to.</summary>
/// <param name="ConnectionString">To the database, acting as its owner, without a pool: no connection of ours may be in the way of a rename.</param>
/// <param name="Version">The server's major version.</param>
/// <param name="Role">That connects.</param>
/// <param name="MayCreate">Whether it may create databases.</param>
internal sealed record RestoreTarget(string ConnectionString, TargetState State, string Database, int Version, string Role, bool MayCreate)
{
    private const string MaintenanceDatabase = "postgres";

    /// <summary>PostgreSQL's, of a name.</summary>
    private const int MaxNameBytes = 63;

    /// <summary>Tables and functions that no extension brought.</summary>
    private const string Occupied = """
        exists (
            select from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname <> 'information_schema' and n.nspname not like 'pg\_%'
                and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
        or exists (
            select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname <> 'information_schema' and n.nspname not like 'pg\_%'
                and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))
        """;

    public static async Task<RestoreTarget> LookAsync(string connectionString, CancellationToken cancellation)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        try
        {
            return await LookAsync(given, TargetState.Empty, cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            var elsewhere = new NpgsqlConnectionStringBuilder(given.ConnectionString) { Database = MaintenanceDatabase };
            var found = await LookAsync(elsewhere, TargetState.Missing, cancellation);
            given.Database ??= given.Username ?? found.Role;
            return found with { ConnectionString = given.ConnectionString, Database = given.Database };
        }
    }

    private static async Task<RestoreTarget> LookAsync(NpgsqlConnectionStringBuilder given, TargetState state, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(given.ConnectionString);
        await using var command = source.CreateCommand($"""
            select current_setting('server_version_num')::int / 10000, current_database()::text, current_user::text, r.rolcreatedb or r.rolsuper,
                o.rolname::text, pg_has_role(current_user, o.oid, 'member'), {Occupied}
            from pg_database d join pg_roles o on o.oid = d.datdba join pg_roles r on r.rolname = current_user where d.datname = current_database()
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (role, owner) = (reader.GetString(2), reader.GetString(4));
        if (state == TargetState.Empty && reader.GetBoolean(6)) state = TargetState.Occupied;
        if (state != TargetState.Missing && owner != role && reader.GetBoolean(5))
            given.Options = $"{given.Options} -c role={Escaped(owner)}".TrimStart();
        given.Database = reader.GetString(1);
        return new RestoreTarget(given.ConnectionString, state, reader.GetString(1), reader.GetInt32(0), role, reader.GetBoolean(3));
    }

    /// <exception cref="DatabaseSetupException">Something is there already, or no database may be made beside it.</exception>
    public void RequireRoom(bool replace)
    {
        if (State == TargetState.Occupied && !replace)
            throw new DatabaseSetupException(
                $"Database {Database} is not empty, and is left as it is. Name another (--database NAME), or say --replace: " +
                "it then gets another name, and the backup takes its place.");
        if (State != TargetState.Empty && !MayCreate)
            throw new DatabaseSetupException(
                $"Role {Role} may not create databases{(State == TargetState.Missing ? $", and {Database} does not exist" : "")}. " +
                "Connect as a superuser, or restore into an empty database of this role's.");
    }

    /// <summary>Another name, for a database beside this one.</summary>
    public string Beside(string suffix)
    {
        var name = Database;
        while (Encoding.UTF8.GetByteCount(name + suffix) > MaxNameBytes) name = name[..^1];
        return name + suffix;
    }

    public string Of(string database) => new NpgsqlConnectionStringBuilder(ConnectionString) { Database = database }.ConnectionString;

    /// <summary>With the owner, the encoding and the locale of the one it is to replace, and the extension, which is a superuser's to make.</summary>
    public async Task CreateAsync(string name, CancellationToken cancellation)
    {
        if (State == TargetState.Occupied) await RequireQuietAsync(cancellation);
        var like = State == TargetState.Occupied ? await LikenessAsync(cancellation) : "";
        await OnServerAsync($"create database {Quoted(name)}{like}", cancellation);
        try
        {
            await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Of(name)) { Options = null }.ConnectionString);
            await using var extension = source.CreateCommand("create extension if not exists vector");
            await extension.ExecuteNonQueryAsync(cancellation);
        }
        catch
        {
            await DropAsync(name);
            throw;
        }
    }

    /// <summary>Gives <paramref name="fresh"/> the database's name, and the database, where there is one, the name <paramref name="kept"/>.</summary>
    public async Task TakePlaceAsync(string fresh, string? kept, CancellationToken cancellation)
    {
        try
        {
            var away = kept is null ? "" : $"alter database {Quoted(Database)} rename to {Quoted(kept)};";
            await OnServerAsync($"{away} alter database {Quoted(fresh)} rename to {Quoted(Database)}", cancellation);     // both or neither
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            throw InUse(exception);
        }
    }

    /// <summary>Also when told to stop: what is half restored serves nobody.</summary>
    public Task DropAsync(string name) => OnServerAsync($"drop database if exists {Quoted(name)} with (force)", CancellationToken.None);

    /// <summary>Before an hour of restoring, not after it.</summary>
    private async Task RequireQuietAsync(CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(Maintenance());
        await using var command = source.CreateCommand("select count(*) from pg_stat_activity where datname = $1 and usesysid is not null");
        command.Parameters.Add(new() { Value = Database });
        if ((long)(await command.ExecuteScalarAsync(cancellation))! > 0) throw InUse(null);
    }

    private DatabaseSetupException InUse(Exception? inner) =>
        new($"Somebody works with database {Database}, which is left as it is: " +
            "stop every server, silo and command that uses it, then restore again.", inner);

    private async Task<string> LikenessAsync(CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(Maintenance());
        await using var command = source.CreateCommand("""
            select format(' owner %I template template0 encoding %L lc_collate %L lc_ctype %L',
                    pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype)
                || case d.datlocprovider when 'i' then format(' locale_provider icu icu_locale %L', l.locale)
                    when 'b' then format(' locale_provider builtin builtin_locale %L', l.locale) else '' end
            from pg_database d cross join lateral (select coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale) l
            where d.datname = $1
            """);
        command.Parameters.Add(new() { Value = Database });
        return (string)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private async Task OnServerAsync(string sql, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(Maintenance());
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>As the role that connects: the owner may have no right to make or rename databases.</summary>
    private string Maintenance() =>
        new NpgsqlConnectionStringBuilder(ConnectionString) { Database = MaintenanceDatabase, Options = null }.ConnectionString;

    /// <summary>In a connection's options a space ends a value.</summary>
    private static string Escaped(string name) => name.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(" ", @"\ ", StringComparison.Ordinal);

    private static string Quoted(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
