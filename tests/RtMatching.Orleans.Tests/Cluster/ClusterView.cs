using System.Diagnostics;
using Npgsql;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>The membership as the table has it.</summary>
internal sealed class ClusterView(NpgsqlDataSource source)
{
    public const int Active = 3;
    public const int Dead = 6;

    /// <summary>The status of each silo's youngest entry, by name.</summary>
    public async Task<IReadOnlyDictionary<string, int>> StatusAsync(string cluster = "rtmatch")
    {
        await using var command = source.CreateCommand(
            "select distinct on (silo_name) silo_name, status from orleans.membership where cluster = $1 order by silo_name, generation desc");
        command.Parameters.AddWithValue(cluster);
        await using var reader = await command.ExecuteReaderAsync();
        var status = new Dictionary<string, int>();
        while (await reader.ReadAsync()) status[reader.GetString(0)] = reader.GetInt32(1);
        return status;
    }

    /// <summary>Waits until a silo has this status, and tells how long that took.</summary>
    /// <exception cref="TimeoutException">It never did.</exception>
    public async Task<TimeSpan> WaitAsync(string silo, int status, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        while ((await StatusAsync()).GetValueOrDefault(silo) != status)
        {
            if (waited.Elapsed > patience) throw new TimeoutException($"{silo} has not got status {status} within {patience.TotalSeconds} s.");
            await Task.Delay(50);
        }

        return waited.Elapsed;
    }
}
