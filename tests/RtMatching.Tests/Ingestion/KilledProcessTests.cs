using System.Diagnostics;
using Npgsql;
using RtMatching.Core.Storage;
using RtMatching.Tests.Cli;

namespace RtMatching.Tests.Ingestion;

/// <summary>The command line itself, with its own parser and model, killed as the kernel would.</summary>
public class KilledProcessTests
{
    private const int Documents = 24;

    [Fact]
    public async Task A_process_killed_half_way_and_run_again_ends_with_the_same_rows()
    {
        await using var bench = await IngestionBench.CreateAsync();
        for (var i = 0; i < Documents; i++) bench.Write($"cv{i:000}.txt", Cv(i));

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using (await HoldBackAsync(bench))
        {
            using var killed = Start(bench);
            while (!killed.HasExited && await bench.CountAsync("select count(*) from texts") == 0) await Task.Delay(5, patience.Token);
            killed.Kill();              // SIGKILL: nothing is handed back, nothing said
            await killed.WaitForExitAsync();
            Assert.InRange(await bench.CountAsync("select count(*) from items where stage in ('queued', 'parsed')"), 1, Documents);
        }

        using var again = Start(bench);
        await again.WaitForExitAsync(patience.Token);

        Assert.Equal(0, again.ExitCode);
        Assert.Equal(Documents, await bench.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(Documents, await bench.CountAsync("select count(*) from document_versions"));
        Assert.Equal(Documents, await bench.CountAsync("select count(*) from texts where outcome = 'ok'"));
        Assert.Equal(Documents, await bench.CountAsync("select count(*) from vectors_1"));
        Assert.Equal(0, await bench.CountAsync("select count(*) from items where stage in ('queued', 'parsed', 'dead') or lease_token is not null"));
        Assert.Equal(1, await bench.CountAsync("select count(*) from ingestions where state = 'done'"));
    }

    /// <summary>
    /// While it lives, no batch of two documents is stored, however fast the machine: the middle of the ingestion lasts until the kill.
    /// </summary>
    private static async Task<NpgsqlConnection> HoldBackAsync(IngestionBench bench)
    {
        await using (var trigger = bench.Test.Source.CreateCommand(
            "create function hold_back() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(24); return new; end';"
            + "create trigger hold_back before update on items for each row when (new.stage = 'embedded' and new.id % 2 = 0) execute function hold_back()"))
            await trigger.ExecuteNonQueryAsync();
        var connection = await bench.Test.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("begin; select pg_advisory_xact_lock(24)", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static Process Start(IngestionBench bench)
    {
        var start = new ProcessStartInfo("dotnet", [CliProcess.Assembly, "ingest", bench.Folder])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment[Database.Variable] = bench.Test.ConnectionString;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Nobody's: words drawn by number. Short, because the model runs without optimisation in a debug build.</summary>
    private static string Cv(int number)
    {
        string[] words = ["managed", "stock", "for", "three", "shops", "trained", "new", "staff", "wrote", "reports", "kept", "accounts"];
        var random = new Random(number);
        return $"Shop keeper {number}\n\n" + string.Join(' ', Enumerable.Range(0, 8).Select(_ => words[random.Next(words.Length)]));
    }
}
