using System.Globalization;
using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Core.Storage;
using RtMatching.Server;
using RtMatching.Tests.Server;

namespace RtMatching.Tests.Cli;

/// <summary>The same command with <c>--server</c> and without, over one database: same output, same exit code.</summary>
public sealed class RankOnServerTests(RankOnServerTests.FilledServer fixture) : IClassFixture<RankOnServerTests.FilledServer>
{
    private const string Job = "We look for a cook.\n\nRequirements\n- Bakes bread and pastry every day\n- Speaks Finnish\n";

    public sealed class FilledServer : IAsyncLifetime
    {
        internal ServerHost Server { get; private set; } = null!;
        internal string Folder { get; } = Directory.CreateTempSubdirectory("rtmatch-remote-").FullName;

        public async Task InitializeAsync()
        {
            Server = await ServerHost.StartAsync(new ServerOptions());
            Write("cook.txt", "Experience\n- Baked bread and pastry daily from scratch\n\nSkills\nMenus, bread, sauces\n");
            Write("teacher.txt", "Experience\n- Taught mathematics to classes of thirty\n");
            Write("job.txt", Job);
            await RunAsync("ingest", Path.Combine(Folder, "cook.txt"), Path.Combine(Folder, "teacher.txt"));
            await RunAsync("ingest", Path.Combine(Folder, "job.txt"), "--kind", "job", "--external-id", "cook-wanted");
        }

        internal string Write(string name, string text)
        {
            File.WriteAllText(Path.Combine(Folder, name), text);
            return Path.Combine(Folder, name);
        }

        internal Task<CliProcess> RunAsync(params string[] arguments) =>
            CliProcess.RunAsync(arguments, environment: new Dictionary<string, string> { [Database.Variable] = Server.Test.ConnectionString });

        /// <summary>With no database at hand.</summary>
        internal Task<CliProcess> RemoteAsync(string[] arguments, string input = "") =>
            CliProcess.RunAsync([.. arguments, "--server", Server.Address], input, new Dictionary<string, string> { [Database.Variable] = "Host=nowhere.invalid" });

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--text", Job, "--explain")]
    [InlineData("--text", "a cook", "--json", "--mode", "dense", "--top", "1")]
    [InlineData("--text", "a cook", "--top", "1", "--offset", "1", "--json")]
    [InlineData("--job", "cook-wanted", "--json", "--explain")]
    [InlineData("--text", "a cook", "--tag", "nobody")]
    public async Task One_ranking_reads_the_same(params string[] arguments)
    {
        var (local, remote) = (await fixture.RunAsync(["rank", .. arguments]), await fixture.RemoteAsync(["rank", .. arguments]));
        Assert.Equal((local.ExitCode, local.Output), (remote.ExitCode, remote.Output));
        Assert.Equal(ExitCode.Ok, remote.ExitCode);
    }

    [Fact]
    public async Task A_file_is_parsed_here_a_cv_is_named_by_number_and_a_page_is_written()
    {
        var file = Path.Combine(fixture.Folder, "job.txt");
        Assert.Equal((await fixture.RunAsync("rank", "--file", file)).Output, (await fixture.RemoteAsync(["rank", "--file", file])).Output);
        var cv = (await new DocumentStore(fixture.Server.Test.Database).ListAsync(new DocumentQuery { ExternalId = Path.Combine(fixture.Folder, "cook.txt") })).Single();
        var id = cv.Id.ToString(CultureInfo.InvariantCulture);
        Assert.Equal((await fixture.RunAsync("rank", "--cv", id, "--json")).Output, (await fixture.RemoteAsync(["rank", "--cv", id, "--json"])).Output);

        var (here, there) = (Path.Combine(fixture.Folder, "here.html"), Path.Combine(fixture.Folder, "there.html"));
        await fixture.RunAsync("rank", "--job", "cook-wanted", "--html", here);
        Assert.Equal(ExitCode.Ok, (await fixture.RemoteAsync(["rank", "--job", "cook-wanted", "--html", there])).ExitCode);
        Assert.Equal(WithoutTime(await File.ReadAllLinesAsync(here)), WithoutTime(await File.ReadAllLinesAsync(there)));
    }

    [Fact]
    public async Task Many_jobs_are_ranked_there_into_the_same_file_which_a_second_run_leaves_as_it_is()
    {
        var jobs = fixture.Write("jobs.jsonl", "{\"id\":1,\"text\":\"We look for a cook.\"}\n{\"id\":\"b\",\"text\":\"A teacher of mathematics\"}\n");
        foreach (var form in new[] { new[] { "--all-jobs" }, ["--jobs", jobs, "--top", "1"] })
        {
            var (here, there) = (Path.Combine(fixture.Folder, $"{form.Length}-here.jsonl"), Path.Combine(fixture.Folder, $"{form.Length}-there.jsonl"));
            await fixture.RunAsync(["rank", .. form, "--output", here]);
            var remote = await fixture.RemoteAsync(["rank", .. form, "--output", there]);
            Assert.True(remote.ExitCode == ExitCode.Ok, remote.Error);
            Assert.Contains("0 were in", remote.Output, StringComparison.Ordinal);
            Assert.Equal(await File.ReadAllTextAsync(here), await File.ReadAllTextAsync(there));
            Assert.Contains("0 jobs ranked", (await fixture.RemoteAsync(["rank", .. form, "--output", there])).Output, StringComparison.Ordinal);
            Assert.Equal(await File.ReadAllTextAsync(here), await File.ReadAllTextAsync(there));
            Assert.False(File.Exists(there + ".key"));
        }

        Assert.Equal(0, await fixture.Server.Test.CountAsync("select count(*) from bulk_rankings"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_followed_ranking_is_printed_anew_when_it_changes_until_it_is_interrupted(bool remote)
    {
        string[] where = remote ? ["--server", fixture.Server.Address] : [];
        using var process = CliProcess.Start(["rank", "--text", "a cook", "--top", "1", "--follow", "--json", .. where],
            new Dictionary<string, string> { [Database.Variable] = remote ? "Host=nowhere.invalid" : fixture.Server.Test.ConnectionString });
        Assert.Contains("cook.txt", await LineAsync(process), StringComparison.Ordinal);
        await using (var command = fixture.Server.Test.Source.CreateCommand($"update documents set location = 'Oslo {remote}'")) await command.ExecuteNonQueryAsync();
        Assert.Contains($"Oslo {remote}", await LineAsync(process), StringComparison.Ordinal);
        using (var interrupt = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"])) await interrupt.WaitForExitAsync();
        await process.WaitForExitAsync();
        Assert.Equal((ExitCode.Ok, ""), (process.ExitCode, await process.StandardOutput.ReadToEndAsync()));
    }

    private static async Task<string> LineAsync(System.Diagnostics.Process process) =>
        await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) ?? throw new EndOfStreamException(await process.StandardError.ReadToEndAsync());

    [Fact]
    public async Task Many_cannot_be_followed()
    {
        var refused = await CliProcess.RunAsync(["rank", "--all-jobs", "--follow", "--output", "unused.jsonl"]);
        Assert.Equal((ExitCode.Usage, true), (refused.ExitCode, refused.Error.Contains("--follow", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_in_its_words()
    {
        var output = Path.Combine(fixture.Folder, "bad.jsonl");
        var jobs = fixture.Write("bad-jobs.jsonl", "{\"id\":1,\"text\":\"a cook\"}\n{\"id\":2}\n");
        foreach (var run in new[] { await fixture.RemoteAsync(["rank", "--jobs", jobs, "--output", output]), await fixture.RunAsync("rank", "--jobs", jobs, "--output", output) })
        {
            Assert.Equal(ExitCode.Failed, run.ExitCode);
            Assert.Contains("line 2", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected", run.Error, StringComparison.Ordinal);
        }

        var missing = await fixture.RemoteAsync(["rank", "--job", "no-such-job"]);
        Assert.Equal((ExitCode.Failed, true), (missing.ExitCode, missing.Error.Contains("no-such-job", StringComparison.Ordinal)));
        var profile = await fixture.RemoteAsync(["rank", "--text", "cook", "--profile", "none"]);
        Assert.Equal((ExitCode.Failed, true), (profile.ExitCode, profile.Error.Contains("ingest something", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lines_are_embedded_there_to_the_same_lines()
    {
        const string Lines = "{\"id\":\"b\",\"text\":\"a cook\"}\n\n{\"id\":7,\"text\":\"a much longer text about a cook\"}\n";
        string[] options = ["embed", "--iterations", "2", "--dim", "16"];
        var (local, remote) = (await CliProcess.RunAsync(options, Lines), await fixture.RemoteAsync(options, Lines));
        Assert.True(remote.ExitCode == ExitCode.Ok, remote.Error);
        Assert.Equal(Rounded(local.Output), Rounded(remote.Output));
        var refused = await fixture.RemoteAsync(["embed", "--all-iterations"], Lines);
        Assert.Equal((ExitCode.Usage, true), (refused.ExitCode, refused.Error.Contains("--all-iterations", StringComparison.Ordinal)));
        var bad = await fixture.RemoteAsync(["embed"], "{\"id\":1}\n");
        Assert.Equal((ExitCode.Failed, true), (bad.ExitCode, bad.Error.Contains("stdin, line 1", StringComparison.Ordinal)));
    }

    private static string[] WithoutTime(string[] page) => [.. page.Where(line => !line.Contains("UTC", StringComparison.Ordinal))];

    /// <summary>Ids, passes, and components to three digits: batches of other shapes differ in the last bits.</summary>
    private static List<string> Rounded(string lines) =>
    [
        .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(line =>
            $"{line.GetProperty("id").GetRawText()} {string.Join(' ', line.GetProperty("iterations").EnumerateArray().Select(pass =>
                $"{pass.GetProperty("k")}: {string.Join(' ', pass.GetProperty("vector").EnumerateArray().Select(x => x.GetDouble().ToString("0.000", CultureInfo.InvariantCulture)))}"))}"),
    ];
}
