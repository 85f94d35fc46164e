using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Ingestion;

/// <summary>Values as the ingestion tables write them.</summary>
internal static class Sql
{
    public static string Name(ItemStage stage) => stage.ToString().ToLowerInvariant();

    public static string Name(IngestionState state) => state.ToString().ToLowerInvariant();

    public static NpgsqlParameter Text(string name, string? value) => new(name, NpgsqlDbType.Text) { Value = (object?)value ?? DBNull.Value };

    public static NpgsqlParameter Texts(string name, IEnumerable<string?> values) =>
        new(name, NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = values.ToArray() };

    public static string Json(IReadOnlyList<string> values) => JsonSerializer.Serialize(values);

    /// <summary>Parameters are copied: a retried command must not share them with the first.</summary>
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters) command.Parameters.Add(parameter.Clone());
        return command;
    }

    /// <summary>The first column of every row.</summary>
    public static async Task<IReadOnlyList<long>> LongsAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var values = new List<long>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) values.Add(reader.GetInt64(0));
        return values;
    }

    /// <summary>The first column of every row, as hexadecimal.</summary>
    public static async Task<HashSet<string>> HashesAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) values.Add(Convert.ToHexStringLower((byte[])reader[0]));
        return values;
    }
}
