using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>db backup</c>: the whole database in one file.</summary>
internal static class DbBackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Where to write it; must not exist. It holds CVs, and only its owner may read it." };
        var command = new Command(
            "backup", "Writes the whole database, as it is now, to one file, while others work on; for the owner's connection string.") { file };
        command.SetAction(async (parsed, cancellation) =>
        {
            var connectionString = await Connection.FindAsync(parsed, cancellation);
            Terminal.Say("backing up");
            var report = await DatabaseBackup.WriteAsync(connectionString, parsed.GetValue(file)!, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(report);
            else Console.Out.WriteLine($"{report.File}: {report.Bytes:N0} bytes, database {report.Database} of PostgreSQL {report.Postgres}");
            return ExitCode.Ok;
        });
        return command;
    }
}
