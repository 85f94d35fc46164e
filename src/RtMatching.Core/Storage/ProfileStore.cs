using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Storage;

/// <summary>Profiles, their versions, and each version's vector tables.</summary>
public sealed class ProfileStore(Database database)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        AllowOutOfOrderMetadataProperties = true,     // jsonb keeps no order, and a stop rule is told by its "rule"
    };


    private const string Select = """
        select v.id, v.version, v.settings::text, v.id is not distinct from p.active_version_id
        from profile_versions v join profiles p on p.name = v.name
        """;

    private readonly NpgsqlDataSource _source = database.Source;

    /// <summary>The version of <paramref name="name"/> that rankings use; null where none is stored.</summary>
    public async Task<ProfileVersion?> FindActiveAsync(string name, CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand(Select + " where p.name = $1 and v.id = p.active_version_id");
        command.Parameters.Add(new() { Value = name });
        return (await ReadAsync(command, cancellation)).SingleOrDefault();
    }

    /// <summary>By name, then version.</summary>
    public async Task<IReadOnlyList<ProfileVersion>> ListAsync(CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand(Select + " order by v.name, v.version");
        return await ReadAsync(command, cancellation);
    }

    /// <summary>
    /// Stores <paramref name="profile"/> as a new version with its own vector tables, or gives the version that equals it but for where
    /// the model and its memory map lie, and what the model was made for. The first version, and one whose predecessor holds no vectors,
    /// becomes active at once.
    /// </summary>
    /// <exception cref="ArgumentException">The dimension cannot be indexed.</exception>
    public async Task<ProfileVersion> SaveAsync(TaskProfile profile, CancellationToken cancellation = default)
    {
        VectorStore.CheckDimension(profile.Dimension);
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var active = await LockAsync(transaction, profile.Name, cancellation);
        var id = await FindEqualAsync(transaction, profile, cancellation) ?? await AddAsync(transaction, profile, cancellation);
        if (active is null || (active != id && await IsEmptyAsync(transaction, active.Value, cancellation)))
            await transaction.ExecuteAsync("update profiles set active_version_id = $2 where name = $1", cancellation, profile.Name, id);

        await using var select = new NpgsqlCommand(Select + " where v.id = $1", connection, transaction) { Parameters = { new() { Value = id } } };
        var saved = (await ReadAsync(select, cancellation)).Single();
        await transaction.CommitAsync(cancellation);
        return saved;
    }

    /// <summary>
    /// Makes the version the one that rankings use, provided that every current document has a vector in it;
    /// returns how many still lack one (0: switched).
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    public async Task<long> ActivateAsync(long profileVersionId, CancellationToken cancellation = default)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var name = await transaction.ScalarAsync("select name from profile_versions where id = $1", cancellation, profileVersionId) as string
            ?? throw new KeyNotFoundException($"There is no profile version {profileVersionId}.");
        await LockAsync(transaction, name, cancellation);

        // No document may change its content between the count and the switch.
        await transaction.ExecuteAsync("lock table documents in share row exclusive mode", cancellation);
        var missing = (long)(await transaction.ScalarAsync($"""
            select count(*) from documents d
            where d.current_version is not null and not exists (
                select 1 from {VectorStore.VectorsOf(profileVersionId)} v
                where v.tenant = d.tenant and v.kind = d.kind and v.content_hash = d.content_hash)
            """, cancellation))!;
        if (missing > 0) return missing;
        await transaction.ExecuteAsync("update profiles set active_version_id = $2 where name = $1", cancellation, name, profileVersionId);
        await transaction.CommitAsync(cancellation);
        return 0;
    }

    /// <summary>Makes the profile's row where there is none, holds it to the transaction's end, and gives its active version.</summary>
    private static async Task<long?> LockAsync(NpgsqlTransaction transaction, string name, CancellationToken cancellation)
    {
        await transaction.ExecuteAsync("insert into profiles (name) values ($1) on conflict do nothing", cancellation, name);
        return await transaction.ScalarAsync("select active_version_id from profiles where name = $1 for update", cancellation, name) as long?;
    }

    private static async Task<long?> FindEqualAsync(NpgsqlTransaction transaction, TaskProfile profile, CancellationToken cancellation) =>
        await transaction.ScalarAsync("""
            update profile_versions set settings = $2
            where id = (
                select id from profile_versions
                where name = $1 and settings - '{modelPath,purpose}'::text[] #- '{memory,map}' = $2 - '{modelPath,purpose}'::text[] #- '{memory,map}'
                order by version desc limit 1)
            returning id
            """, cancellation, profile.Name, Settings(profile)) as long?;

    private async Task<long> AddAsync(NpgsqlTransaction transaction, TaskProfile profile, CancellationToken cancellation)
    {
        var id = (long)(await transaction.ScalarAsync("""
            insert into profile_versions (name, version, settings, dimension)
            select $1, coalesce(max(version), 0) + 1, $2, $3 from profile_versions where name = $1 returning id
            """, cancellation, profile.Name, Settings(profile), profile.Dimension))!;
        var version = new ProfileVersion(id, 0, profile, Active: false);
        await new VectorStore(database, version).CreateTablesAsync(transaction.Connection!, cancellation);
        return id;
    }

    private static async Task<bool> IsEmptyAsync(NpgsqlTransaction transaction, long id, CancellationToken cancellation) =>
        !(bool)(await transaction.ScalarAsync($"select exists (select 1 from {VectorStore.VectorsOf(id)})", cancellation))!;

    private static NpgsqlParameter Settings(TaskProfile profile) =>
        new() { Value = JsonSerializer.Serialize(profile, Json), NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static async Task<List<ProfileVersion>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var versions = new List<ProfileVersion>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var profile = JsonSerializer.Deserialize<TaskProfile>(reader.GetString(2), Json)!;
            versions.Add(new ProfileVersion(reader.GetInt64(0), reader.GetInt32(1), profile, reader.GetBoolean(3)));
        }

        return versions;
    }
}
