using System.CommandLine;
using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Core.Security;

namespace RtMatching.Cli.Commands;

/// <summary><c>keys</c>: who may use the server.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Creates, lists and revokes API keys of the server.") { New(), List(), Revoke() };

    private static Command New()
    {
        var name = new Argument<string>("name") { Description = "Who or what will use it." };
        var tenant = new Option<string>("--tenant")
        {
            Description = "Whose documents it opens; tenants never see each other's.",
            DefaultValueFactory = _ => "default",
            HelpName = "T",
        };
        var command = new Command("create", "Makes a key and prints it, this once: only its hash is stored.") { name, tenant };
        command.SetAction((parsed, cancellation) => WithStoreAsync(parsed, cancellation, async store =>
        {
            var made = await store.CreateAsync(parsed.GetValue(name)!, parsed.GetValue(tenant)!, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(new { made.Stored.Id, made.Stored.Name, made.Stored.Tenant, made.Key });
            else Console.Out.WriteLine(made.Key);
            Terminal.Say($"key {made.Stored.Id} for tenant {made.Stored.Tenant}; keep it now, it is not shown again. Sent as: Authorization: Bearer KEY");
        }));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "The keys: whose they are, when they were used last, which are revoked.");
        command.SetAction((parsed, cancellation) => WithStoreAsync(parsed, cancellation, async store =>
        {
            var keys = await store.ListAsync(cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(keys);
            else Terminal.WriteTable(["id", "name", "tenant", "prefix", "created", "last used", "revoked"], keys.Select(Row));
        }));
        return command;
    }

    private static string[] Row(ApiKey key) =>
        [key.Id.ToString(CultureInfo.InvariantCulture), key.Name, key.Tenant, key.Prefix, Time(key.CreatedAt), Time(key.LastUsedAt), Time(key.RevokedAt)];

    private static Command Revoke()
    {
        var id = new Argument<long>("id") { Description = "The key's number, from 'keys list'." };
        var command = new Command("revoke", "The key opens nothing any more; running servers know within seconds.") { id };
        command.SetAction((parsed, cancellation) => WithStoreAsync(parsed, cancellation, async store =>
        {
            var key = await store.RevokeAsync(parsed.GetValue(id), cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(key);
            else Console.Out.WriteLine($"key {key.Id} ({key.Name}) is revoked");
        }));
        return command;
    }

    private static async Task<int> WithStoreAsync(ParseResult parsed, CancellationToken cancellation, Func<ApiKeyStore, Task> action)
    {
        await using var database = await Connection.OpenAsync(parsed, cancellation);
        await action(new ApiKeyStore(database));
        return ExitCode.Ok;
    }

    private static string Time(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
}
