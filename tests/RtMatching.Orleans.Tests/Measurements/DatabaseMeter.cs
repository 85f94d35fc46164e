using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>What a piece of work cost.</summary>
/// <param name="ProcessorMs">Of all the server's processes together.</param>
/// <param name="Ms">By the clock, as the caller waited.</param>
/// <param name="LogBytes">Of write-ahead log.</param>
internal sealed record DatabaseCost(double ProcessorMs, double Ms, double LogBytes)
{
    public DatabaseCost Per(double count) => new(ProcessorMs / count, Ms / count, LogBytes / count);
}

/// <summary>
/// Reads what PostgreSQL's processes have used, from <c>/proc/PID/schedstat</c> (nanoseconds on a processor,
/// https://docs.kernel.org/scheduler/sched-stats.html): the server must run on this machine.
/// </summary>
internal sealed class DatabaseMeter(NpgsqlConnection connection)
{
    private int? _server;

    /// <exception cref="InvalidOperationException">The server's processes are not this machine's, or its kernel does not count.</exception>
    public async Task<DatabaseCost> MeasureAsync(Func<Task> work)
    {
        var before = await ReadAsync();
        var started = Stopwatch.GetTimestamp();
        await work();
        var took = Stopwatch.GetElapsedTime(started);
        var after = await ReadAsync();
        return new DatabaseCost((after.Nanoseconds - before.Nanoseconds) / 1e6, took.TotalMilliseconds, after.Log - before.Log);
    }

    /// <summary>The median of each part of the cost, which one disturbance does not move.</summary>
    public async Task<DatabaseCost> MedianAsync(int times, Func<Task> work, Func<Task>? between = null)
    {
        var costs = new List<DatabaseCost>();
        for (var i = 0; i < times; i++)
        {
            costs.Add(await MeasureAsync(work));
            if (between is not null) await between();
        }

        return Median(costs);
    }

    public static DatabaseCost Median(IReadOnlyList<DatabaseCost> costs)
    {
        return new DatabaseCost(Middle(cost => cost.ProcessorMs), Middle(cost => cost.Ms), Middle(cost => cost.LogBytes));

        double Middle(Func<DatabaseCost, double> part)
        {
            double[] sorted = [.. costs.Select(part).Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    public async Task<double> NumberAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return Convert.ToDouble(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    private async Task<(double Nanoseconds, double Log)> ReadAsync()
    {
        await using var command = new NpgsqlCommand(
            "select pid, (pg_current_wal_insert_lsn() - '0/0')::float8 from pg_stat_activity where pid <> pg_backend_pid()", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var (nanoseconds, log) = (OfEndedChildren(), 0.0);
        while (await reader.ReadAsync()) (nanoseconds, log) = (nanoseconds + Nanoseconds(reader.GetInt32(0)), reader.GetDouble(1));
        return (nanoseconds, log);
    }

    private static double Nanoseconds(int process)
    {
        try
        {
            return double.Parse(File.ReadAllText($"/proc/{process}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return 0;       // a worker that has just ended
        }
    }

    /// <summary>
    /// Workers that built an index or vacuumed and are gone: their time has gone to the server's first process, in hundredths of a second.
    /// </summary>
    private double OfEndedChildren()
    {
        const int UserTime = 13, SystemTime = 14, Nanoseconds = 10_000_000;
        var fields = Fields(_server ??= FirstProcess());
        return (fields[UserTime] + fields[SystemTime]) * Nanoseconds;
    }

    private int FirstProcess()
    {
        const int Parent = 1;
        var process = $"/proc/{connection.ProcessID}";
        var isServer = File.Exists($"{process}/schedstat")
            && File.ReadAllText($"{process}/cmdline").StartsWith("postgres", StringComparison.Ordinal);
        return isServer ? (int)Fields(connection.ProcessID)[Parent] : throw Elsewhere();
    }

    /// <summary>Those of <c>/proc/PID/stat</c> behind the name, which may hold blanks: from the state, as 0, on.</summary>
    private static long[] Fields(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return [.. fields.Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0)];
    }

    private static InvalidOperationException Elsewhere() => new(
        "The database's processes cannot be read in /proc: run this where PostgreSQL runs, on Linux with schedstat.");
}
