using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Commands;

/// <summary><c>db migrate</c>: what the tables' owner does before programs start whose role owns nothing (infra/postgres/roles.sql).</summary>
internal static class DbMigrateCommand
{
    public static Command Create()
    {
        var command = new Command(
            "migrate", "Makes or changes the tables, Orleans's too, and grants the other roles their rights; for the owner's connection string.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var database = await Connection.OpenAsync(parsed, cancellation);
            var report = await DatabaseOwner.PrepareAsync(database, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(report);
            else Console.Out.WriteLine(Told(report));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Told(MigrationReport report) =>
        $"{report.Migrations} migrations applied; the tables belong to {report.Owner}" +
        (report.Writer is null
            ? ", and no other role was given rights (infra/postgres/roles.sql makes such roles)"
            : $"; {report.Writer} and {report.Reader} have their rights");
}
