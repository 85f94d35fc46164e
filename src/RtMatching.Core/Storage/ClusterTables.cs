using System.Reflection;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>How silos find each other: the tables and statements of Orleans's ADO.NET providers, in a schema of their own: <c>infra/orleans/postgres.sql</c>.</summary>
public static class ClusterTables
{
    public const string Schema = "orleans";

    /// <summary>As the file says it.</summary>
    public const int Version = 1;

    /// <summary>Makes or changes them where this version has not done so. A newer version's are kept: it left them usable for this one.</summary>
    /// <exception cref="DatabaseSetupException">The role may not make them; the message says what their owner runs.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        try
        {
            if (await AppliedAsync(connection, cancellation) >= Version) return;       // The usual case takes no lock.
            await using var apply = new NpgsqlCommand(Sql(), connection) { CommandTimeout = 0 };     // takes its lock itself
            await apply.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new DatabaseSetupException(
                $"The database lacks Orleans's tables, and its role may not make them ({e.MessageText}): {DatabaseOwner.Remedy}", e);
        }
    }

    /// <summary>
    /// Declares a cluster's silos dead where none has given a sign of life for a minute: after a power cut, say. A silo that starts must reach all
    /// that are listed as active, and would wait in vain, for nobody is left to declare them dead.
    /// </summary>
    /// <param name="pause">Between two looks: living silos that could not reach the database give a sign again within it.</param>
    /// <returns>How many.</returns>
    public static async Task<int> ForgetDeadAsync(NpgsqlDataSource source, string cluster, TimeSpan pause, CancellationToken cancellation)
    {
        const string AllSilent = """
            exists (select from orleans.membership where cluster = $1 and status <> 6)
            and not exists (select from orleans.membership where cluster = $1 and status <> 6 and greatest(alive_at, started_at) > now() - interval '1 minute')
            """;
        await using var look = source.CreateCommand($"select {AllSilent}");
        look.Parameters.AddWithValue(cluster);
        if (!(bool)(await look.ExecuteScalarAsync(cancellation))!) return 0;
        await Task.Delay(pause, cancellation);
        await using var forget = source.CreateCommand($"""
            with turn as (
                update orleans.membership_version set version = version + 1, changed_at = now() where cluster = $1 and {AllSilent} returning cluster)
            update orleans.membership m set status = 6 from turn where m.cluster = turn.cluster and m.status <> 6
            """);
        forget.Parameters.AddWithValue(cluster);
        return await forget.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>The file itself, which may run any number of times.</summary>
    public static string Sql()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("orleans.sql")!);
        return reader.ReadToEnd();
    }

    private static async Task<int> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (var exists = new NpgsqlCommand($"select to_regclass('{Schema}.tables_version') is not null", connection))
            if (!(bool)(await exists.ExecuteScalarAsync(cancellation))!) return 0;
        await using var version = new NpgsqlCommand($"select coalesce(max(version), 0) from {Schema}.tables_version", connection);
        return (int)(await version.ExecuteScalarAsync(cancellation))!;
    }
}
