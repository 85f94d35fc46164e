using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Security;

/// <summary>The keys to the server: created, listed, revoked, looked up.</summary>
public sealed class ApiKeyStore(Database database)
{
    private const int LongestName = 100;
    private const string Columns = "id, tenant, name, prefix, created_at, last_used_at, revoked_at";

    private readonly NpgsqlDataSource _source = database.Source;

    /// <param name="name">Who or what will use it; need not be unique, so that a key can be replaced by one of the same name.</param>
    /// <param name="tenant">Whose documents it opens.</param>
    /// <exception cref="ArgumentException">A name that is none.</exception>
    public async Task<NewApiKey> CreateAsync(string name, string tenant = "default", CancellationToken cancellation = default)
    {
        Check(name, "The key's name");
        Check(tenant, "The tenant");
        var key = ApiKeyText.Create();
        var stored = await ReadAsync(
            $"insert into api_keys (tenant, name, prefix, hash) values ($1, $2, $3, $4) returning {Columns}",
            cancellation, tenant, name, ApiKeyText.Shown(key), ApiKeyText.Hash(key));
        return new NewApiKey(key, stored.Single());
    }

    /// <summary>Makes a key known that was made elsewhere. One that is known already stays as it is, revoked for example.</summary>
    /// <exception cref="ArgumentException">A key or name that is none; the message does not hold the key.</exception>
    public async Task AdoptAsync(string key, string name, string tenant = "default", CancellationToken cancellation = default)
    {
        if (!ApiKeyText.IsWellFormed(key)) throw new ArgumentException("An API key is rtm_ and 43 letters, digits, - and _.");
        Check(name, "The key's name");
        Check(tenant, "The tenant");
        var hash = ApiKeyText.Hash(key);
        if (await ReadAsync($"select {Columns} from api_keys where hash = $1", cancellation, hash) is { Count: > 0 }) return;
        await ReadAsync(
            $"insert into api_keys (tenant, name, prefix, hash) values ($1, $2, $3, $4) on conflict (hash) do nothing returning {Columns}",
            cancellation, tenant, name, ApiKeyText.Shown(key), hash);
    }

    /// <summary>All of them, revoked ones too, in the order of their making.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellation = default) =>
        await ReadAsync($"select {Columns} from api_keys order by id", cancellation);

    /// <summary>The key opens nothing from now on. A second time changes nothing.</summary>
    /// <exception cref="KeyNotFoundException">There is none with this number.</exception>
    public async Task<ApiKey> RevokeAsync(long id, CancellationToken cancellation = default)
    {
        var revoked = await ReadAsync(
            $"update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning {Columns}", cancellation, id);
        return revoked.SingleOrDefault() ?? throw new KeyNotFoundException($"there is no key {id}; 'rtmatch keys list' shows them");
    }

    /// <summary>The key with this hash, revoked or not; null where there is none. Notes the use, at most once a minute.</summary>
    /// <param name="hash">Of <see cref="ApiKeyText.Hash"/>.</param>
    public async Task<ApiKey?> UseAsync(byte[] hash, CancellationToken cancellation = default)
    {
        var found = (await ReadAsync($"select {Columns} from api_keys where hash = $1", cancellation, hash)).SingleOrDefault();
        if (found is not { RevokedAt: null }) return found;
        await using var note = _source.CreateCommand(
            "update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')");
        note.Parameters.Add(new() { Value = found.Id });
        await note.ExecuteNonQueryAsync(cancellation);
        return found;
    }

    private static void Check(string name, string what)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
            throw new ArgumentException($"{what} must be 1 to {LongestName} characters without control characters.");
    }

    private async Task<List<ApiKey>> ReadAsync(string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        var keys = new List<ApiKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            keys.Add(new ApiKey(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                reader.GetFieldValue<DateTimeOffset>(4), Time(reader, 5), Time(reader, 6)));
        }

        return keys;
    }

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
