using Npgsql;

namespace RtMatching.Core.Matching;

/// <summary>
/// PostgreSQL settings for the statements until it is disposed, inside the connection's transaction. The planner knows neither how far an
/// approximate index must be walked nor how selective a text is, so where its guess costs a hundredfold the way is prescribed.
/// </summary>
internal sealed class PlannerSettings : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _reset;

    private PlannerSettings(NpgsqlConnection connection, string reset) => (_connection, _reset) = (connection, reset);

    /// <param name="settings">name = value, separated by commas.</param>
    public static async Task<PlannerSettings> SetAsync(NpgsqlConnection connection, string settings, CancellationToken cancellation)
    {
        var each = settings.Split(',', StringSplitOptions.TrimEntries);
        await ExecuteAsync(connection, string.Join("; ", each.Select(setting => $"set local {setting}")), cancellation);
        return new PlannerSettings(connection, string.Join("; ", each.Select(setting => $"set local {setting.Split('=')[0]} to default")));
    }

    /// <summary>Does nothing on a connection that failed meanwhile: the transaction, and with it the settings, ends anyway.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ExecuteAsync(_connection, _reset, CancellationToken.None);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
