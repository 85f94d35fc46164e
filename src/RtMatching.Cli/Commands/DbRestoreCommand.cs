using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>db restore</c>: the database as a backup holds it.</summary>
internal static class DbRestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Of 'db backup'. Restore none but your own: the server runs what is in it." };
        var replace = new Option<bool>("--replace")
        {
            Description = "Where the database holds something: rename it and let the backup take its place, once that is whole.",
        };
        var command = new Command(
            "restore", "Fills an empty database from a backup, all or nothing; for the owner's connection string.") { file, replace };
        command.SetAction(async (parsed, cancellation) =>
        {
            var connectionString = await Connection.FindAsync(parsed, cancellation);
            var report = await DatabaseRestore.RunAsync(
                connectionString, parsed.GetValue(file)!, parsed.GetValue(replace), Terminal.Say, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(report);
            else Console.Out.WriteLine(
                $"{report.Database}: {report.Documents:N0} documents" + (report.Kept is { } kept ? $"; what it held before is {kept} now" : ""));
            return ExitCode.Ok;
        });
        return command;
    }
}
