using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>db</c>: the private PostgreSQL that rtmatch runs for whoever names no other; and what the owner of any database does.</summary>
internal static class DbCommand
{
    public static Command Create() => new("db", "The private PostgreSQL: starts, stops, shows, resets it. Any: migrates, backs up and restores it.")
    {
        Start(), Stop(), Status(), Reset(), DbMigrateCommand.Create(), DbBackupCommand.Create(), DbRestoreCommand.Create(),
    };

    private static Command Start()
    {
        var command = new Command("start", "Starts it, after installing PostgreSQL and creating the cluster where needed.");
        command.SetAction(async (parsed, cancellation) =>
        {
            RefuseOtherServer();
            await using (await Connection.OpenAsync(parsed, cancellation)) return Tell(parsed);
        });
        return command;
    }

    private static Command Stop()
    {
        var command = new Command("stop", "Stops it; everything stored stays.");
        command.SetAction(async (parsed, cancellation) =>
        {
            RefuseOtherServer();
            await new LocalCluster().StopAsync(cancellation);
            return Tell(parsed);
        });
        return command;
    }

    private static Command Status()
    {
        var command = new Command("status", "Whether it runs, and where it lives.");
        command.SetAction(parsed => Tell(parsed));
        return command;
    }

    private static Command Reset()
    {
        var yes = new Option<bool>("--yes") { Description = "Really remove everything that is stored." };
        var command = new Command("reset", "Stops it and removes it with everything that is stored.") { yes };
        command.SetAction(async (parsed, cancellation) =>
        {
            RefuseOtherServer();
            if (!parsed.GetValue(yes)) throw new UsageException($"db reset removes every document in {new LocalCluster().Status().Folder}; say --yes to do it");
            await new LocalCluster().ResetAsync(cancellation);
            return Tell(parsed);
        });
        return command;
    }

    private static void RefuseOtherServer()
    {
        if (Environment.GetEnvironmentVariable(Database.Variable) is { Length: > 0 })
            throw new CommandException($"{Database.Variable} names another server, which rtmatch does not start or stop; unset it to use the private one");
    }

    private static int Tell(ParseResult parsed)
    {
        var status = new LocalCluster().Status();
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(status);
        else Console.Out.WriteLine($"{JsonOutput.Name(status.State)}{(status.Port is { } port ? $" on 127.0.0.1:{port}" : "")}, {status.Folder}");
        return ExitCode.Ok;
    }
}
