using System.Globalization;
using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Cli;

/// <summary>The way of a CV through the command line alone: processes, files, a real database.</summary>
public sealed class EndToEndTests : IDisposable
{
    private const string Job = "We look for a cook.\n\nRequirements\n- Bakes bread and pastry every day\n- Keeps food safety records\n- Speaks Finnish\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-cli-").FullName;

    public EndToEndTests()
    {
        Write("cook.txt", "Experience\n- Baked bread and pastry daily from scratch\n- Kept food safety records and passed inspections\n\nSkills\nMenus, bread, sauces\n");
        Write("teacher.html", "<h1>CV</h1><h2>Experience</h2><ul><li>Taught mathematics to classes of thirty</li></ul><h2>Skills</h2><p>Lesson planning</p>");
        Write("engineer.md", "# Experience\n\n- Designed pump housings and released drawings\n\n# Skills\n\n- SolidWorks\n");
        Write("broken.pdf", "%PDF-1.4\nthis is no PDF");
    }

    [Fact]
    public async Task Ingest_rank_change_delete()
    {
        await using var test = await TestDatabase.CreateAsync();
        var first = await RunAsync(test, "ingest", _folder);
        Assert.Equal((ExitCode.SomeItemsNotUsable, true), (first.ExitCode, first.Output.Contains("3 embedded", StringComparison.Ordinal)));
        var again = await RunAsync(test, "ingest", _folder, "--json");
        var counts = Json(again).GetProperty("counts");
        Assert.Equal((3, 0), (counts.GetProperty("unchanged").GetInt32(), counts.GetProperty("embedded").GetInt32()));

        var ranking = Json(await RunAsync(test, "rank", "--text", Job, "--explain", "--json")).GetProperty("ranking");
        Assert.Equal(3, ranking.GetArrayLength());
        var cook = ranking[0];
        Assert.EndsWith("cook.txt", cook.GetProperty("external_id").GetString(), StringComparison.Ordinal);
        AssertCoverage(cook, await TextAsync(test, cook.GetProperty("document_id").GetInt64()));

        Write("cook.txt", "Experience\n- Sold insurance to small businesses\n");
        var changed = await RunAsync(test, "ingest", _folder);
        Assert.Contains("1 embedded, 2 unchanged", changed.Output, StringComparison.Ordinal);
        Assert.Equal(3, await test.CountAsync("select count(*) from documents where current_version is not null"));

        var id = cook.GetProperty("document_id").GetInt64().ToString(CultureInfo.InvariantCulture);
        Assert.Equal(ExitCode.Ok, (await RunAsync(test, "documents", "delete", id)).ExitCode);
        Assert.Equal(ExitCode.Failed, (await RunAsync(test, "documents", "show", id)).ExitCode);
        Assert.Equal(2, Json(await RunAsync(test, "rank", "--text", Job, "--json")).GetProperty("ranking").GetArrayLength());
    }

    [Fact]
    public async Task Jobs_in_bulk_go_on_where_they_ended_and_a_page_is_written()
    {
        await using var test = await TestDatabase.CreateAsync();
        await RunAsync(test, "ingest", Path.Combine(_folder, "cook.txt"), Path.Combine(_folder, "teacher.html"));
        Write("job.txt", Job);
        await RunAsync(test, "ingest", Path.Combine(_folder, "job.txt"), "--kind", "job", "--external-id", "cook-wanted");

        var output = Path.Combine(_folder, "rankings.jsonl");
        Assert.Contains("1 jobs ranked", (await RunAsync(test, "rank", "--all-jobs", "--output", output)).Output, StringComparison.Ordinal);
        Assert.Contains("0 jobs ranked", (await RunAsync(test, "rank", "--all-jobs", "--output", output)).Output, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(output));

        var page = Path.Combine(_folder, "page.html");
        Assert.Equal(ExitCode.Ok, (await RunAsync(test, "rank", "--job", "cook-wanted", "--html", page)).ExitCode);
        var html = await File.ReadAllTextAsync(page);
        Assert.Contains("Baked bread and pastry daily", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);

        var reverse = Json(await RunAsync(test, "rank", "--cv", await IdAsync(test, "cook.txt"), "--json")).GetProperty("ranking");
        Assert.Equal("cook-wanted", reverse[0].GetProperty("external_id").GetString());
    }

    [Fact]
    public async Task A_new_profile_version_serves_once_it_is_filled()
    {
        await using var test = await TestDatabase.CreateAsync();
        await RunAsync(test, "ingest", Path.Combine(_folder, "cook.txt"));
        var set = await RunAsync(test, "profiles", "set", "jd2cv", "--iterations", "3", "--json");
        Assert.False(Json(set).GetProperty("active").GetBoolean());
        Assert.Equal(1, Json(await RunAsync(test, "rank", "--text", Job, "--json")).GetProperty("profile_version").GetInt32());
        Assert.Contains("version 2 is active", (await RunAsync(test, "ingest", "--reembed")).Output, StringComparison.Ordinal);
        Assert.Equal(2, Json(await RunAsync(test, "rank", "--text", Job, "--json")).GetProperty("profile_version").GetInt32());
    }

    [Fact]
    public async Task The_demo_goes_on_with_newer_weights()
    {
        await using var test = await TestDatabase.CreateAsync("rtmatch_demo");
        var first = await RunAsync(test, "demo");
        Assert.Equal((ExitCode.Ok, 1), (first.ExitCode, await test.CountAsync("select max(version) from profile_versions")));
        await test.CountAsync("""update profile_versions set settings = jsonb_set(settings, '{weightsHash}', '"older"') returning id""");
        var second = await RunAsync(test, "demo");
        Assert.Equal((ExitCode.Ok, first.Output, 2), (second.ExitCode, second.Output, await test.CountAsync("select max(version) from profile_versions")));
        Assert.Contains("embedding again", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_at_any_moment_and_run_again_ends_with_the_same_rows()
    {
        await using var test = await TestDatabase.CreateAsync();
        for (var i = 0; i < 60; i++) Write($"cv-{i}.txt", $"Experience\n- Worked on project number {i} for {i + 1} years\n");
        for (var wait = 900; wait <= 1900; wait += 500)
        {
            using var process = CliProcess.Start(["ingest", _folder], Environment(test));
            await Task.Delay(wait);
            process.Kill();   // SIGKILL
            await process.WaitForExitAsync();
        }

        Assert.Equal(ExitCode.SomeItemsNotUsable, (await RunAsync(test, "ingest", _folder)).ExitCode);
        Assert.Equal(63, await test.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(64, await test.CountAsync("select count(*) from document_versions"));
        var profile = await test.CountAsync("select active_version_id from profiles");   // Not always 1: a kill can cost a number.
        Assert.Equal(63, await test.CountAsync($"select count(*) from vectors_{profile}"));
        Assert.Equal(0, await test.CountAsync("select count(*) from items where stage in ('queued', 'parsed')"));
    }

    /// <summary>The bread is covered, Finnish is not, and each quote is the stored text at its offsets.</summary>
    private static void AssertCoverage(JsonElement place, string text)
    {
        var requirements = place.GetProperty("explanation").GetProperty("requirements").EnumerateArray().ToList();
        Assert.Equal("covered", requirements[0].GetProperty("coverage").GetString());
        Assert.Equal("missing", requirements[^1].GetProperty("coverage").GetString());
        foreach (var quote in requirements.Select(r => r.GetProperty("quote")).Where(q => q.ValueKind == JsonValueKind.Object))
            Assert.Equal(text.Substring(quote.GetProperty("start").GetInt32(), quote.GetProperty("length").GetInt32()), quote.GetProperty("text").GetString());
    }

    private static async Task<string> TextAsync(TestDatabase test, long id) => (await new DocumentStore(test.Database).TextAsync(id))!.Body;

    private async Task<string> IdAsync(TestDatabase test, string file)
    {
        var found = await new DocumentStore(test.Database).ListAsync(new DocumentQuery { ExternalId = Path.Combine(_folder, file) });
        return found.Single().Id.ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string> Environment(TestDatabase test) => new() { [Database.Variable] = test.ConnectionString };

    private static Task<CliProcess> RunAsync(TestDatabase test, params string[] arguments) => CliProcess.RunAsync(arguments, environment: Environment(test));

    private static JsonElement Json(CliProcess run)
    {
        Assert.True(run.Output.Length > 0, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
