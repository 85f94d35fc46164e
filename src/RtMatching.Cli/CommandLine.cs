using System.CommandLine;
using RtMatching.Cli.Commands;

namespace RtMatching.Cli;

/// <summary>Every command, in the order in which a newcomer meets them.</summary>
internal static class CommandLine
{
    public static RootCommand Create() =>
        new("Matches résumés to jobs: CVs and job descriptions in, ranked candidates with reasons out.")
        {
            CommonOptions.Json,
            CommonOptions.Database,
            DemoCommand.Create(),
            IngestCommand.Create(),
            IngestionsCommand.Create(),
            RankCommand.Create(),
            DocumentsCommand.Create(),
            ProfilesCommand.Create(),
            ModelsCommand.Create(),
            MemoryCommand.Create(),
            EmbedCommand.Create(),
            EvalCommand.Create(),
            TuneCommand.Create(),
            TraceCommand.Create(),
            TokenizeCommand.Create(),
            KeysCommand.Create(),
            StatusCommand.Create(),
            SilosCommand.Create(),
            DbCommand.Create(),
        };
}
