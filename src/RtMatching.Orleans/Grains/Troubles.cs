using Microsoft.Extensions.Logging;
using RtMatching.Core.Ingestion;

namespace RtMatching.Orleans.Grains;

/// <summary>What ingestion says goes wrong, in the log.</summary>
internal static class Troubles
{
    public static void Tell(ILogger log, IngestionTrouble trouble) => log.LogWarning("{What}: {Message} Tried again in {Pause} s.",
        trouble.IngestionId is { } id ? $"Ingestion {id}" : "Ingestion", trouble.Message, trouble.Pause.TotalSeconds);
}
