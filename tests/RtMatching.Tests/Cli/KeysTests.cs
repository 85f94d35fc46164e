using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Core.Security;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Cli;

public class KeysTests
{
    [Fact]
    public async Task A_key_is_printed_once_listed_without_itself_and_revoked()
    {
        await using var test = await TestDatabase.CreateAsync();
        var environment = new Dictionary<string, string> { [Database.Variable] = test.ConnectionString };
        var made = await CliProcess.RunAsync(["keys", "create", "loader", "--tenant", "acme"], environment: environment);
        Assert.Equal(ExitCode.Ok, made.ExitCode);
        Assert.True(ApiKeyText.IsWellFormed(made.Output.Trim()), made.Output);

        var revoked = await CliProcess.RunAsync(["keys", "revoke", "1"], environment: environment);
        Assert.Contains("loader", revoked.Output, StringComparison.Ordinal);

        var list = await CliProcess.RunAsync(["keys", "list", "--json"], environment: environment);
        Assert.DoesNotContain(made.Output.Trim()[12..], list.Output, StringComparison.Ordinal);
        using var keys = JsonDocument.Parse(list.Output);
        var key = keys.RootElement[0];
        Assert.Equal(("loader", "acme"), (key.GetProperty("name").GetString(), key.GetProperty("tenant").GetString()));
        Assert.Equal(JsonValueKind.String, key.GetProperty("revoked_at").ValueKind);
    }

    [Fact]
    public async Task An_unknown_key_is_named()
    {
        await using var test = await TestDatabase.CreateAsync();
        var run = await CliProcess.RunAsync(["keys", "revoke", "7"], environment: new Dictionary<string, string> { [Database.Variable] = test.ConnectionString });
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("there is no key 7", run.Error, StringComparison.Ordinal);
    }
}
