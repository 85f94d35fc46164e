using System.Collections;
using System.Diagnostics;
using RtMatching.Core.Storage;
using RtMatching.Server.Limits;

namespace RtMatching.Tests.Server;

public class ServerCommandTests
{
    [Theory]
    [InlineData(2, "--nope", "--nope")]
    [InlineData(2, "--urls", "--urls", "ftp://here")]
    [InlineData(2, "'parse,nothing'", "--work", "'parse,nothing'")]
    [InlineData(2, "JsonBytes", "--limit", "Nothing=1")]
    public async Task A_wrong_command_line_is_one_clear_line(int exitCode, string named, params string[] arguments)
    {
        var (code, _, error) = await RunAsync("Host=nowhere", arguments);
        Assert.Equal(exitCode, code);
        Assert.StartsWith("rtmatch-server: ", error, StringComparison.Ordinal);
        Assert.Contains(named.Trim('\''), error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        await using var server = await ServerHost.StartAsync();
        var (code, output, error) = await RunAsync(server.Test.ConnectionString, "--urls", server.Address.TrimEnd('/'));
        Assert.Equal(1, code);
        Assert.Contains("address already in use", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Empty(output);
    }

    [Fact]
    public async Task Help_names_every_limit_with_its_default()
    {
        var (code, output, _) = await RunAsync("Host=nowhere", "--help");
        Assert.Equal(0, code);
        Assert.All(LimitSettings.All, limit => Assert.Contains($"{limit.Name}={limit.Default} ", output, StringComparison.Ordinal));
    }

    [Fact]
    public void Limits_come_from_the_environment_and_then_from_the_command_line()
    {
        var limits = LimitSettings.FromEnvironment(new Hashtable { ["RtMatching__Limits__Rankings"] = "3", ["RtMatching__Limits__JsonBytes"] = "100" });
        Assert.Equal((5, 100), (LimitSettings.Set(limits, "rankings=5").Rankings, limits.JsonBytes));
        Assert.Throws<ArgumentException>(() => LimitSettings.Set(limits, "Rankings=-1"));
        Assert.Throws<ArgumentException>(() => LimitSettings.Set(limits, "Rankings=99999999999"));
        Assert.Throws<ArgumentException>(() => LimitSettings.Set(limits, "Rankings"));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string connectionString, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "rtmatch-server.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment[Database.Variable] = connectionString;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
