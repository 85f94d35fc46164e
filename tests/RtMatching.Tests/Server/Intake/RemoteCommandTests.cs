using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Core.Storage;
using RtMatching.Tests.Cli;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server.Intake;

/// <summary>The command line with <c>--server</c>: the same rows, output and exit codes as without.</summary>
public sealed class RemoteCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-remote-").FullName;

    [Fact]
    public async Task At_a_server_everything_is_as_it_is_here()
    {
        await using var server = await ServerHost.StartAsync();
        await using var local = await TestDatabase.CreateAsync();
        Write("cook.txt", "Experience\n- Baked bread and pastry daily from scratch\n");
        Write("ü ö/teacher.html", "<h1>CV</h1><h2>Experience</h2><p>Taught mathematics to classes of thirty</p>");
        Write("broken.pdf", "%PDF-1.4\nthis is no PDF");
        Write("empty.txt", "");
        Write("people.jsonl", "{\"id\":\"1\",\"text\":\"Sold insurance to small businesses\",\"city\":\"Ghent\"}\nno json\n");
        File.CreateSymbolicLink(Path.Combine(_folder, "out.txt"), "/etc/hostname");

        string[] ingest = ["ingest", _folder, "--tag", "x", "--json"];
        var (here, there) = (await HereAsync(local, ingest), await ThereAsync(server, ingest));
        Assert.True(there.ExitCode == ExitCode.SomeItemsNotUsable, there.Error);
        Assert.Equal(here.ExitCode, there.ExitCode);
        Assert.Contains($"ingestions show 1 --server {server.Address.TrimEnd('/')} --failed", there.Error, StringComparison.Ordinal);
        Assert.Equal(Without(Json(here), "created_at", "finished_at"), Without(Json(there), "created_at", "finished_at"));

        string[] show = ["ingestions", "show", "1", "--json"];
        Assert.Equal(Items(await HereAsync(local, show)), Items(await ThereAsync(server, show)));
        Assert.Single(Items(await ThereAsync(server, "ingestions", "show", "1", "--failed", "--json")), item => item.Contains("broken", StringComparison.Ordinal));
        string[] list = ["documents", "list", "--json"];
        Assert.Equal(Documents(await HereAsync(local, list)), Documents(await ThereAsync(server, list)));

        var again = Json(await ThereAsync(server, ingest)).GetProperty("counts");
        Assert.Equal((3, 0), (again.GetProperty("unchanged").GetInt32(), again.GetProperty("embedded").GetInt32()));
        Assert.Equal(2, (await ThereAsync(server, "ingestions", "list", "--json")).Output.Split("\"state\": \"done\"").Length - 1);
    }

    [Fact]
    public async Task A_document_is_shown_and_deleted_and_an_ingestion_cancelled_and_retried_at_a_server()
    {
        await using var server = await ServerHost.StartAsync();
        Write("cook.txt", "Experience\n- Baked bread daily\n");
        var file = Path.Combine(_folder, "cook.txt");
        Assert.Equal(ExitCode.Ok, (await ThereAsync(server, "ingest", file, "--external-id", "cook", "--source", "desk", "--kind", "job")).ExitCode);
        Assert.Contains("Baked bread", (await ThereAsync(server, "documents", "show", "cook", "--text")).Output, StringComparison.Ordinal);
        var shown = Json(await ThereAsync(server, "documents", "show", "cook"));
        Assert.Equal(("desk", "job", "ok"), (shown.GetProperty("document").GetProperty("source").GetString(),
            shown.GetProperty("document").GetProperty("kind").GetString(), shown.GetProperty("text").GetProperty("outcome").GetString()));

        Assert.Equal(ExitCode.Failed, (await ThereAsync(server, "ingestions", "cancel", "1")).ExitCode);
        Assert.Equal(ExitCode.Ok, (await ThereAsync(server, "ingestions", "retry", "1")).ExitCode);
        var missing = await ThereAsync(server, "ingestions", "show", "99");
        Assert.Equal((ExitCode.Failed, true), (missing.ExitCode, missing.Error.Contains("no ingestion 99", StringComparison.Ordinal)));

        Assert.Equal(ExitCode.Ok, (await ThereAsync(server, "documents", "delete", "cook")).ExitCode);
        Assert.Equal(ExitCode.Failed, (await ThereAsync(server, "documents", "show", "cook")).ExitCode);
        Assert.Equal(0, await server.Test.CountAsync("select count(*) from contents"));
    }

    [Theory]
    [InlineData("--reembed")]
    [InlineData("--model", "rt-mini")]
    public async Task What_a_server_does_not_take_is_refused(params string[] option)
    {
        var run = await CliProcess.RunAsync(["ingest", _folder, "--server", "http://127.0.0.1:1", .. option]);
        Assert.Equal((ExitCode.Usage, true), (run.ExitCode, run.Error.Contains(option[0], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_killed_twice_on_the_way_costs_no_row_and_makes_none_twice()
    {
        const int Files = 420, Contents = 40;
        await using var test = await TestDatabase.CreateAsync();
        for (var i = 0; i < Files; i++) Write($"cv-{i:000}.txt", $"Experience\n- Worked on project number {i % Contents}\n");
        var first = await ServerProcess.StartAsync(test.ConnectionString);
        var address = first.Address;
        using var command = CliProcess.Start(["ingest", _folder, "--server", address, "--json"]);
        var (output, error) = (command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        await UntilAsync("select count(*) from items");
        await first.KillAsync();
        Assert.Equal(0, await test.CountAsync("select count(*) from ingestions where submitted"));
        var second = await ServerProcess.StartAsync(test.ConnectionString, address);
        await UntilAsync("select count(*) from items where stage = 'embedded'");
        await second.KillAsync();
        await using var third = await ServerProcess.StartAsync(test.ConnectionString, address);
        await command.WaitForExitAsync(patience.Token);

        Assert.True(command.ExitCode == ExitCode.Ok, await error);
        Assert.Equal(Files, JsonDocument.Parse(await output).RootElement.GetProperty("counts").GetProperty("embedded").GetInt32());
        Assert.Equal(Files, await test.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(Files, await test.CountAsync("select count(*) from document_versions"));
        Assert.Equal(Files, await test.CountAsync("select count(*) from items where stage = 'embedded'"));
        Assert.Equal((Contents, 1L), (await test.CountAsync("select count(*) from contents"), await test.CountAsync("select count(*) from ingestions where state = 'done'")));
        var profile = await test.CountAsync("select active_version_id from profiles");
        Assert.Equal(Contents, await test.CountAsync($"select count(*) from vectors_{profile}"));

        async Task UntilAsync(string sql)
        {
            while (await test.CountAsync(sql) == 0) await Task.Delay(5, patience.Token);
        }
    }

    private static Task<CliProcess> HereAsync(TestDatabase test, params string[] arguments) =>
        CliProcess.RunAsync(arguments, environment: new Dictionary<string, string> { [Database.Variable] = test.ConnectionString });

    private static Task<CliProcess> ThereAsync(ServerHost server, params string[] arguments) =>
        CliProcess.RunAsync([.. arguments, "--server", server.Address]);

    private static JsonElement Json(CliProcess run)
    {
        Assert.True(run.Output.Length > 0, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private static string Without(JsonElement element, params string[] members) =>
        string.Join('\n', element.EnumerateObject().Where(member => !members.Contains(member.Name)).Select(member => $"{member.Name} {member.Value}"));

    private static string[] Items(CliProcess run) =>
        [.. Json(run).GetProperty("items").EnumerateArray().Select(item => Without(item, "id", "document_id", "attempts")).Order(StringComparer.Ordinal)];

    private static string[] Documents(CliProcess run) =>
        [.. Json(run).EnumerateArray().Select(document => Without(document, "id", "created_at", "updated_at")).Order(StringComparer.Ordinal)];

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
