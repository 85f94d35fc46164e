using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>The one store. Opening it migrates it.</summary>
public sealed class Database(NpgsqlDataSource source) : IAsyncDisposable
{
    /// <summary>Where a connection string is looked for when none is given.</summary>
    public const string Variable = "ConnectionStrings__rtmatch";

    public NpgsqlDataSource Source { get; } = source;

    /// <summary>
    /// Opens <paramref name="connectionString"/>, or <c>ConnectionStrings__rtmatch</c>, or starts the user's private
    /// cluster; then applies outstanding migrations.
    /// </summary>
    /// <param name="database">Another database on that server; created where the server is the private cluster.</param>
    /// <param name="say">Told what takes long.</param>
    /// <param name="configure">What else a host wants of the pool, for example types of its own.</param>
    /// <exception cref="DatabaseSetupException">The message names the remedy.</exception>
    public static async Task<Database> OpenAsync(
        string? connectionString = null, CancellationToken cancellation = default, string? database = null, Action<string>? say = null,
        Action<NpgsqlDataSourceBuilder>? configure = null)
    {
        var found = await FindAsync(connectionString, cancellation, database, say);
        var builder = new NpgsqlDataSourceBuilder(found) { ConnectionStringBuilder = { ApplicationName = "rtmatch" } };
        builder.Name = "rtmatch";       // Names the pool in Npgsql's metrics, which would tell the connection string.

        // The planner's estimates for index walks are huge, so PostgreSQL would compile machine code for a millisecond's query: ten times slower.
        builder.ConnectionStringBuilder.Options = $"-c jit=off {builder.ConnectionStringBuilder.Options}".TrimEnd();
        configure?.Invoke(builder);
        var source = builder.Build();
        try
        {
            await Migrator.ApplyAsync(source, cancellation);
            return new Database(source);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>What <see cref="OpenAsync"/> would open, without opening it.</summary>
    /// <exception cref="DatabaseSetupException">The message names the remedy.</exception>
    public static async Task<string> FindAsync(
        string? connectionString = null, CancellationToken cancellation = default, string? database = null, Action<string>? say = null)
    {
        connectionString ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : null;
        return connectionString is null
            ? await new LocalCluster().StartAsync(say ?? (_ => { }), database ?? LocalCluster.DefaultDatabase, cancellation)
            : Named(connectionString, database);
    }

    /// <summary>Whether it has the tables that this program expects; others may have migrated or replaced it since it was opened.</summary>
    /// <exception cref="DatabaseSetupException">It is newer than this program, or was made by another.</exception>
    /// <exception cref="NpgsqlException">It does not answer.</exception>
    public Task<bool> IsCurrentAsync(CancellationToken cancellation = default) => Migrator.IsCurrentAsync(Source, cancellation);

    private static string Named(string connectionString, string? database)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connectionString);
            if (database is not null) builder.Database = database;
            return builder.ConnectionString;
        }
        catch (ArgumentException exception)
        {
            // The string itself may hold a password: never repeat it.
            throw new DatabaseSetupException($"{Variable} is not a PostgreSQL connection string ({exception.GetType().Name}); write for example Host=localhost;Username=me;Password=...;Database=rtmatch", exception);
        }
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
