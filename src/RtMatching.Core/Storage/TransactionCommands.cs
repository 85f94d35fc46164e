using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>Statements with positional parameters ($1, $2, ...) inside a transaction.</summary>
internal static class TransactionCommands
{
    /// <param name="values">A parameter that needs a type of its own is given as an <see cref="NpgsqlParameter"/>.</param>
    public static async Task ExecuteAsync(this NpgsqlTransaction transaction, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = Command(transaction, sql, values);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The first column of the first row; null where there is none.</returns>
    public static async Task<object?> ScalarAsync(this NpgsqlTransaction transaction, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = Command(transaction, sql, values);
        return await command.ExecuteScalarAsync(cancellation);
    }

    private static NpgsqlCommand Command(NpgsqlTransaction transaction, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }
}
