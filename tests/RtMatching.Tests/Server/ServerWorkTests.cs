using System.Net.Sockets;
using System.Text;
using Npgsql;
using RtMatching.Core.Ingestion;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server;

/// <summary>The server as a process at its work: stopped, killed, and shared with others.</summary>
public class ServerWorkTests
{
    private const int Documents = 150;

    [Fact]
    public async Task A_server_told_to_stop_in_mid_ingestion_leaves_no_lease_and_another_goes_on()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StartAsync(test);
        await using var held = await HoldBackAsync(test);
        await using var stopped = await ServerProcess.StartAsync(test.ConnectionString);
        await UntilAsync(async () => await test.CountAsync("select count(*) from texts") >= 10);
        stopped.Terminate();
        await UntilAsync(async () => !await ListensAsync(stopped));
        await Task.Delay(500);          // its loops are told right after it stopped listening
        await held.DisposeAsync();      // what it leased can be finished now

        Assert.Equal(0, await stopped.EndAsync());
        Assert.InRange(await test.CountAsync("select count(*) from items where stage in ('queued', 'parsed')"), 1, Documents);
        Assert.Equal(0, await test.CountAsync("select count(*) from items where lease_token is not null or attempts > 0"));
        await using var next = await ServerProcess.StartAsync(test.ConnectionString);
        await AssertCompleteAsync(test);
    }

    [Fact]
    public async Task A_server_killed_in_mid_ingestion_and_started_again_ends_with_the_same_rows()
    {
        await using var test = await TestDatabase.CreateAsync();
        await StartAsync(test);
        await using var held = await HoldBackAsync(test);
        await using var killed = await ServerProcess.StartAsync(test.ConnectionString);
        await UntilAsync(async () => await test.CountAsync("select count(*) from items where stage = 'embedded'") >= 5);
        await killed.KillAsync();
        await held.DisposeAsync();

        Assert.InRange(await test.CountAsync("select count(*) from items where stage in ('queued', 'parsed')"), 1, Documents);

        // Its leases would run out in half a minute: nobody waits for that here.
        await using (var command = test.Source.CreateCommand("update items set lease_until = now() where lease_until is not null"))
            await command.ExecuteNonQueryAsync();
        await using var again = await ServerProcess.StartAsync(test.ConnectionString);
        await AssertCompleteAsync(test);
    }

    [Fact]
    public async Task One_server_parses_and_another_embeds()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var parser = await ServerProcess.StartAsync(test.ConnectionString, arguments: ["--work", "parse"]);
        await StartAsync(test);
        await UntilAsync(async () => await test.CountAsync("select count(*) from items where stage = 'parsed'") == Documents);
        Assert.Equal(0, await test.CountAsync("select count(*) from vectors_1"));

        await using var engine = await ServerProcess.StartAsync(test.ConnectionString, arguments: ["--work", "embed"]);
        await AssertCompleteAsync(test);
    }

    [Fact]
    public async Task A_second_signal_ends_a_server_that_still_waits_for_a_request()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var server = await ServerProcess.StartAsync(test.ConnectionString, arguments: ["--work", "none"]);
        using var client = new TcpClient();
        var address = new Uri(server.Address);
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/rankings/candidates HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"));
        await Task.Delay(300);

        server.Terminate();
        await Task.Delay(500);
        Assert.False(server.HasEnded);
        server.Terminate();

        Assert.Equal(130, await server.EndAsync());
    }

    private static async Task StartAsync(TestDatabase test)
    {
        using var service = new IngestionService(test.Database);
        await service.StartAsync(new IngestionRequest(), Cvs());
    }

    private static async IAsyncEnumerable<SourceItem> Cvs()
    {
        await Task.Yield();
        for (var i = 0; i < Documents; i++)
        {
            var text = $"Shop keeper {i}. Managed the stock of {i} shops, trained staff, wrote reports and kept the accounts.";
            yield return new SourceItem($"cv {i}", "made", $"cv {i}", Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>
    /// Locks the rows of the last documents that were handed in: a batch with one of them cannot be committed until that is over, however fast the machine, so
    /// that the middle of the ingestion lasts.
    /// </summary>
    private static async Task<NpgsqlConnection> HoldBackAsync(TestDatabase test)
    {
        var connection = await test.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            "begin; select id from documents where id in (select document_id from items order by id offset 120) for update", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static async Task<bool> ListensAsync(ServerProcess server)
    {
        var address = new Uri(server.Address);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Everything once, and nothing left over.</summary>
    private static async Task AssertCompleteAsync(TestDatabase test)
    {
        await UntilAsync(async () => await test.CountAsync("select count(*) from ingestions where state = 'done'") == 1);
        Assert.Equal(Documents, await test.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(Documents, await test.CountAsync("select count(*) from document_versions"));
        Assert.Equal(Documents, await test.CountAsync("select count(*) from texts where outcome = 'ok'"));
        Assert.Equal(Documents, await test.CountAsync("select count(*) from vectors_1"));
        Assert.Equal(Documents, await test.CountAsync("select count(*) from items where stage = 'embedded' and lease_token is null"));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds()) await Task.Delay(5, patience.Token);
    }
}
