using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>The one store. Opening it migrates it.</summary>
public sealed class Database(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    /// <summary>
    /// Opens <paramref name="connectionString"/>, or <c>ConnectionStrings__rtmatch</c>, or starts the user's private
    /// cluster; then applies outstanding migrations.
    /// </summary>
    public static Task<Database> OpenAsync(string? connectionString = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
