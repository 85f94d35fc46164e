using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>A submission under this key is being handed in right now, here or in another process.</summary>
public sealed class KeyInUseException()
    : Exception("A request with this Idempotency-Key is still being handed in: wait for its answer, or ask again in a moment.");

/// <summary>The key stands for another request.</summary>
public sealed class KeyReusedException()
    : Exception("This Idempotency-Key was used for a request with other parameters: send the same request, or take a new key.");

/// <summary>
/// Keys that clients give their submissions, so that one sent twice is done once. A key is held while its submission is handed in, by an
/// advisory lock that ends with the process; what it made is recorded in the transaction that makes it.
/// </summary>
public sealed class IdempotencyKeys(Database database) : IAsyncDisposable
{
    public const int MaxLength = 200;

    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    // Each new key takes some expired ones away, so that there are never many at once and no job is needed for it.
    private const int CleanedAtOnce = 100;

    private readonly KeyLocks _locks = new(database.Source);

    /// <summary>Holds the key until the result is disposed; tells what it stands for already.</summary>
    /// <param name="operation">What is submitted: <c>ingestion</c>, <c>bulk_ranking</c>, ...</param>
    /// <param name="parameters">Everything the request asks for but its body, in a form that is equal for equal requests.</param>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="KeyInUseException">Its submission is still under way.</exception>
    /// <exception cref="KeyReusedException">It was used with another operation or other parameters.</exception>
    public async Task<KeyHold> TakeAsync(string tenant, string key, string operation, string parameters, CancellationToken cancellation = default)
    {
        Check(key);
        var name = BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"idempotency\0{tenant}\0{key}")));
        if (!await _locks.TryTakeAsync(name, cancellation)) throw new KeyInUseException();
        try
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(parameters));
            var (subject, completed) = await FindAsync(tenant, key, operation, hash, cancellation);
            return new KeyHold(() => _locks.ReleaseAsync(name), tenant, key, operation, hash) { SubjectId = subject, Completed = completed };
        }
        catch
        {
            await _locks.ReleaseAsync(name);
            throw;
        }
    }

    /// <exception cref="ArgumentException">Not 1 to 200 visible ASCII characters.</exception>
    public static void Check(string key)
    {
        if (key.Length is 0 or > MaxLength || key.Any(c => c is <= ' ' or > '~'))
            throw new ArgumentException($"An Idempotency-Key is 1 to {MaxLength} visible ASCII characters without spaces, for example a UUID.");
    }

    private async Task<(long? Subject, bool Completed)> FindAsync(
        string tenant, string key, string operation, byte[] parameters, CancellationToken cancellation)
    {
        await using var command = database.Source.CreateCommand("""
            select subject_id, completed_at is not null, operation = $3 and parameters = $4
            from idempotency_keys where tenant = $1 and key = $2 and created_at > now() - $5
            """);
        foreach (var value in new object[] { tenant, key, operation, parameters, Lifetime }) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return (null, false);
        return reader.GetBoolean(2) ? (reader.GetInt64(0), reader.GetBoolean(1)) : throw new KeyReusedException();
    }

    /// <summary>Whether anything was recorded for it before does not matter: the key is held.</summary>
    internal static async Task RecordAsync(NpgsqlTransaction transaction, string tenant, string key, string operation, byte[] parameters,
        long subject, bool completed, CancellationToken cancellation)
    {
        await transaction.ExecuteAsync("""
            delete from idempotency_keys where (tenant, key) in (
                select tenant, key from idempotency_keys where created_at < now() - $1 order by created_at limit $2 for update skip locked)
            """, cancellation, Lifetime, CleanedAtOnce);
        await transaction.ExecuteAsync("""
            insert into idempotency_keys (tenant, key, operation, parameters, subject_id, completed_at)
            values ($1, $2, $3, $4, $5, case when $6 then now() end)
            on conflict (tenant, key) do update set operation = excluded.operation, parameters = excluded.parameters,
                subject_id = excluded.subject_id, completed_at = excluded.completed_at, created_at = now()
            """, cancellation, tenant, key, operation, parameters, subject, completed);
    }

    public ValueTask DisposeAsync() => _locks.DisposeAsync();
}

/// <summary>An idempotency key while its submission is under way. Disposing lets go of it.</summary>
public sealed class KeyHold : IAsyncDisposable
{
    private readonly Func<Task> _release;
    private readonly (string Tenant, string Key, string Operation, byte[] Parameters) _key;

    internal KeyHold(Func<Task> release, string tenant, string key, string operation, byte[] parameters) =>
        (_release, _key) = (release, (tenant, key, operation, parameters));

    /// <summary>What an earlier submission under the key made; null where there was none.</summary>
    public long? SubjectId { get; init; }

    /// <summary>The earlier submission was handed in whole: its answer is this one's too. False where it was cut off.</summary>
    public bool Completed { get; init; }

    /// <summary>Notes, in the transaction that makes it, what the submission made.</summary>
    public Task RecordAsync(NpgsqlTransaction transaction, long subjectId, CancellationToken cancellation = default) =>
        RecordAsync(transaction, subjectId, completed: false, cancellation);

    /// <summary>Notes that everything was handed in; best in the transaction that ends the submission.</summary>
    public Task CompleteAsync(NpgsqlTransaction transaction, long subjectId, CancellationToken cancellation = default) =>
        RecordAsync(transaction, subjectId, completed: true, cancellation);

    private Task RecordAsync(NpgsqlTransaction transaction, long subjectId, bool completed, CancellationToken cancellation) =>
        IdempotencyKeys.RecordAsync(transaction, _key.Tenant, _key.Key, _key.Operation, _key.Parameters, subjectId, completed, cancellation);

    public async ValueTask DisposeAsync() => await _release();
}
