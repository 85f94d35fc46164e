using System.Diagnostics;
using RtMatching.Tests.Storage;
using Xunit.Abstractions;

namespace RtMatching.Orleans.Tests.Cluster;

public class ReminderTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_reminder_survives_the_death_of_every_silo()
    {
        await using var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("create table ticks (silo text not null, at timestamptz not null default now())").ExecuteNonQueryAsync();
        await using (var first = await SiloProcess.StartAsync(
            test.ConnectionString, new Dictionary<string, string> { [Ticking.Variable] = "1" }, "--engine", "none", "--name", "first"))
        {
            await TicksAsync(test, "first", first);
            await first.KillAsync();
        }

        // As if that was a while ago: nobody is left to declare it dead, so the one that starts does.
        await test.Source.CreateCommand("update orleans.membership set alive_at = now() - interval '2 minutes', started_at = now() - interval '1 hour'")
            .ExecuteNonQueryAsync();
        var restart = Stopwatch.StartNew();
        await using var second = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "second");
        var joined = restart.Elapsed;
        await TicksAsync(test, "second", second);
        output.WriteLine($"joined a dead cluster after {joined.TotalSeconds:0.0} s, reminded after {restart.Elapsed.TotalSeconds:0.0} s");
    }

    private static async Task TicksAsync(TestDatabase test, string silo, SiloProcess process)
    {
        var waited = Stopwatch.StartNew();
        while (await test.CountAsync($"select count(*) from ticks where silo = '{silo}'") < 2)
        {
            Assert.False(process.HasEnded, process.Output);
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), process.Output);
            await Task.Delay(100);
        }
    }
}
