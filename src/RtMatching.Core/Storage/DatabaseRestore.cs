using Npgsql;

namespace RtMatching.Core.Storage;

/// <param name="Database">What was restored.</param>
/// <param name="Documents">It holds now.</param>
/// <param name="Kept">The database that lay there before, under its new name; null where there was none or it was empty.</param>
public sealed record RestoreReport(string Database, long Documents, string? Kept);

/// <summary>
/// A backup into a database: into an empty one in one transaction; otherwise, where told to, into a new one beside it that takes its name
/// once it is whole. What was there is renamed, never dropped, and on any failure as it was. Everything belongs to the database's owner.
/// </summary>
public sealed class DatabaseRestore
{
    private readonly string _file;
    private readonly Action<string> _say;
    private readonly RestoreTarget _target;
    private readonly PostgresClient _client;

    private DatabaseRestore(string file, Action<string> say, RestoreTarget target, PostgresClient client) =>
        (_file, _say, _target, _client) = (file, say, target, client);

    /// <param name="replace">Whether a database that holds something may be renamed to make place.</param>
    /// <param name="say">Told what takes long.</param>
    /// <exception cref="DatabaseSetupException">The file or the server will not do, or something is in the way; the message says what.</exception>
    public static async Task<RestoreReport> RunAsync(
        string connectionString, string file, bool replace, Action<string> say, CancellationToken cancellation = default)
    {
        var target = await RestoreTarget.LookAsync(connectionString, cancellation);
        var client = await PostgresClient.RequireAsync(target.Version, cancellation);
        var path = Path.GetFullPath(file);
        await CheckAsync(client, target, path, cancellation);
        target.RequireRoom(replace);
        var restore = new DatabaseRestore(path, say, target, client);
        return target.State == TargetState.Empty ? await restore.FillAsync(cancellation) : await restore.ReplaceAsync(cancellation);
    }

    private static async Task CheckAsync(PostgresClient client, RestoreTarget target, string path, CancellationToken cancellation)
    {
        var backup = await BackupFile.ReadAsync(client, path, cancellation);
        if (backup.Postgres > target.Version)
            throw new DatabaseSetupException(
                $"{path} comes from PostgreSQL {backup.Postgres} and this server is {target.Version}; restore it on {backup.Postgres} or newer.");
        Migrator.Check(backup.Migrations);
    }

    private async Task<RestoreReport> FillAsync(CancellationToken cancellation)
    {
        await RestoreAsync(_target.ConnectionString, cancellation);
        return new RestoreReport(_target.Database, await FinishAsync(_target.ConnectionString, cancellation), Kept: null);
    }

    private async Task<RestoreReport> ReplaceAsync(CancellationToken cancellation)
    {
        var stamp = DateTime.UtcNow.ToString("yyyyMMddHHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var fresh = _target.Beside($"_restoring_{stamp}");
        await _target.CreateAsync(fresh, cancellation);
        try
        {
            var connectionString = _target.Of(fresh);
            await RestoreAsync(connectionString, cancellation);
            var documents = await FinishAsync(connectionString, cancellation);
            var kept = _target.State == TargetState.Occupied ? _target.Beside($"_before_{stamp}") : null;
            await _target.TakePlaceAsync(fresh, kept, cancellation);
            return new RestoreReport(_target.Database, documents, kept);
        }
        catch
        {
            await _target.DropAsync(fresh);
            throw;
        }
    }

    /// <summary>All or nothing. Owners and rights are not taken from the file: its roles may not exist here.</summary>
    private async Task RestoreAsync(string connectionString, CancellationToken cancellation)
    {
        _say($"restoring {_file}; indexes are built anew, which takes longest");
        await _client.RequireSuccessAsync("pg_restore", connectionString,
            ["--single-transaction", "--exit-on-error", "--no-password", "--no-owner", "--no-privileges", "--no-comments",
             $"--dbname={PostgresClient.Named(connectionString)}", _file], cancellation);
    }

    /// <summary>Migrations since the backup, grants, and what the planner must know, which no backup holds.</summary>
    /// <returns>How many documents there are.</returns>
    private static async Task<long> FinishAsync(string connectionString, CancellationToken cancellation)
    {
        await using var database = await Database.OpenAsync(connectionString, cancellation);
        await DatabaseOwner.PrepareAsync(database, cancellation);
        await using var analyze = database.Source.CreateCommand("analyze");
        analyze.CommandTimeout = 0;
        await analyze.ExecuteNonQueryAsync(cancellation);
        await using var count = database.Source.CreateCommand("select count(*) from documents");
        return (long)(await count.ExecuteScalarAsync(cancellation))!;
    }
}
