using RtMatching.Core.Operations;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary>
/// The report as it was a moment ago: however many look at it, it is read once, and reading takes at most a tenth of one connection's time.
/// </summary>
internal sealed class SharedStatus(Database database, IMatchingBackend backend)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private const int Pause = 9;        // times what reading took

    private readonly StatusReader _reader = new(database);
    private readonly Dictionary<string, Shared> _tenants = [];
    private readonly Lock _gate = new();

    public Task<StatusReport> ReadAsync(string tenant, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (!_tenants.TryGetValue(tenant, out var shared) || shared.IsOver) _tenants[tenant] = shared = new Shared(() => ReadAsync(tenant));
            return shared.Report.WaitAsync(cancellation);       // whoever leaves does not take the report from the others
        }
    }

    private async Task<StatusReport> ReadAsync(string tenant)
    {
        var report = await _reader.ReadAsync(tenant);
        var (reading, unread) = (PartAsync("engines", backend.EnginesAsync), new List<string>(report.Unread));
        var silos = Taken(await PartAsync("silos", backend.SilosAsync), unread);
        return report with { Engines = Taken(await reading, unread), Silos = [.. silos.OrderBy(silo => silo.Name, StringComparer.Ordinal)], Unread = unread };
    }

    /// <summary>The database's part is what an operator needs most when the rest does not answer.</summary>
    private static async Task<(IReadOnlyList<T> Rows, string? Unread)> PartAsync<T>(string name, Func<CancellationToken, Task<IReadOnlyList<T>>> read)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            return (await read(patience.Token).WaitAsync(patience.Token), null);
        }
        catch (Exception e)
        {
            return ([], $"{name} ({e.GetType().Name})");
        }
    }

    private static IReadOnlyList<T> Taken<T>((IReadOnlyList<T> Rows, string? Unread) part, List<string> unread)
    {
        if (part.Unread is { } missing) unread.Add(missing);
        return part.Rows;
    }

    /// <summary>One reading, under way or done.</summary>
    private sealed class Shared
    {
        private readonly long _started = TimeProvider.System.GetTimestamp();
        private TimeSpan _took = TimeSpan.MaxValue;

        public Shared(Func<Task<StatusReport>> read) => Report = MeasuredAsync(read);

        public Task<StatusReport> Report { get; }

        public bool IsOver => Report.IsCompleted && (!Report.IsCompletedSuccessfully || TimeProvider.System.GetElapsedTime(_started) > ValidFor);

        private TimeSpan ValidFor => _took * Pause > Shortest ? _took * (Pause + 1) : Shortest;

        private async Task<StatusReport> MeasuredAsync(Func<Task<StatusReport>> read)
        {
            await Task.Yield();         // the gate is not held while anything is read
            var report = await read();
            _took = TimeProvider.System.GetElapsedTime(_started);
            return report;
        }
    }
}
