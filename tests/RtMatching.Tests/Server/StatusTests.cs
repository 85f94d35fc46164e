using System.Net;
using System.Text.RegularExpressions;
using RtMatching.Core.Storage;
using RtMatching.Server;
using RtMatching.Tests.Cli;
using RtMatching.Tests.Operations;

namespace RtMatching.Tests.Server;

public sealed class StatusTests : IAsyncLifetime
{
    private ServerHost _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        await StatusRows.AddAsync(_server.Test);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_report_is_json_with_what_is_wrong_in_it()
    {
        var report = await _server.GetAsync("/v1/status");
        Assert.Equal("serious", report.GetProperty("problems")[0].GetProperty("level").GetString());
        var ingestion = report.GetProperty("ingestions")[0];
        Assert.Equal((StatusRows.HostileSource, "running", 0.5), (ingestion.GetProperty("ingestion").GetProperty("source").GetString(),
            ingestion.GetProperty("ingestion").GetProperty("state").GetString(), ingestion.GetProperty("per_second").GetDouble()));
        Assert.Equal((1, 2), (report.GetProperty("queue").GetProperty("stalled").GetInt32(), report.GetProperty("queue").GetProperty("waiting").GetInt32()));
        Assert.Equal("none", report.GetProperty("profiles")[0].GetProperty("indexes")[0].GetProperty("state").GetString());
        Assert.DoesNotContain(StatusRows.ExternalId, report.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_encodes_what_others_wrote_and_names_no_file()
    {
        var page = await _server.Client.GetStringAsync("/status");
        Assert.Contains(WebUtility.HtmlEncode(StatusRows.HostileSource), page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(StatusRows.ExternalId, page, StringComparison.Ordinal);
        Assert.Contains("1 item is leased to a worker that has gone silent", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_loads_nothing_and_lets_nothing_else_run()
    {
        using var response = await _server.Client.GetAsync("/status");
        var page = await response.Content.ReadAsStringAsync();
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(("text/html", "no-store"), (response.Content.Headers.ContentType!.MediaType, response.Headers.CacheControl!.ToString()));
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);

        // Whatever could reach outside, outside the encoded texts: addresses in attributes and style, inline handlers and styles.
        var ours = page.Replace(WebUtility.HtmlEncode(StatusRows.HostileSource), "", StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?i)https?:|//[a-z]|url\(|@import|\ssrc=|\son\w+=|\sstyle=", ours);
        Assert.Equal(["data:,"], Regex.Matches(ours, "href=\"([^\"]*)\"").Select(match => match.Groups[1].Value));

        // Two answers never share the word that lets scripts run; without scripts the page is asked for again by itself.
        var nonce = Regex.Match(policy, "script-src 'nonce-([^']+)'").Groups[1].Value;
        Assert.Equal(2, Regex.Count(page, Regex.Escape($" nonce=\"{nonce}\">")));
        Assert.DoesNotContain(nonce, await _server.Client.GetStringAsync("/status"), StringComparison.Ordinal);
        Assert.Contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_tells_the_same_from_the_database_and_from_a_server()
    {
        var here = await CliProcess.RunAsync(["status"], environment: new Dictionary<string, string> { [Database.Variable] = _server.Test.ConnectionString });
        var there = await CliProcess.RunAsync(["status", "--server", _server.Address]);
        Assert.Equal((0, 0), (here.ExitCode, there.ExitCode));
        Assert.Equal(Parts(here.Output), Parts(there.Output));
        Assert.Contains("3\tcv\tbroken off\tjd2cv 1\tfailed", here.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(StatusRows.ExternalId, here.Output, StringComparison.Ordinal);
    }

    /// <summary>The tables that time does not change between two readings.</summary>
    private static string[] Parts(string output) =>
        [.. output.Split("\n\n").Where(part => part.StartsWith("ingestions\n") || part.StartsWith("failures") || part.StartsWith("profiles\n"))];

    [Fact]
    public async Task A_server_that_is_not_there_is_told_soon()
    {
        var result = await CliProcess.RunAsync(["status", "--server", "http://127.0.0.1:9"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not answer", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watching_tells_it_again_until_it_is_interrupted()
    {
        using var process = CliProcess.Start(
            ["status", "--watch", "--json"], new Dictionary<string, string> { [Database.Variable] = _server.Test.ConnectionString });
        for (var line = 0; line < 2; line++)
        {
            var json = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Contains("\"problems\":[{\"level\":\"serious\"", json, StringComparison.Ordinal);
        }

        using (var interrupt = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"])) await interrupt.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, process.ExitCode);
    }
}
