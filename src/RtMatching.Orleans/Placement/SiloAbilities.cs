using Orleans.Runtime.MembershipService.SiloMetadata;
using RtMatching.Core.Ingestion;

namespace RtMatching.Orleans.Placement;

/// <summary>What a silo is able to do for as long as it lives, told to the others with its membership.</summary>
internal static class SiloAbilities
{
    public const string Parse = "parse";
    public const string Embed = "embed";

    private const string WorkKey = "rtmatch.work";
    private const string EngineKey = "rtmatch.engine";
    private const string None = "none";

    public static Dictionary<string, string> Metadata(SiloWork work) => new()
    {
        [WorkKey] = string.Join(',', Stages(work)), [EngineKey] = work.Engine ?? None,
    };

    /// <summary>Those it works at; it embeds only where it has an engine.</summary>
    public static IEnumerable<string> Stages(SiloWork work)
    {
        if (work.Stages.HasFlag(IngestionStages.Parse)) yield return Parse;
        if (work.Stages.HasFlag(IngestionStages.Embed) && work.Engine is not null) yield return Embed;
    }

    public static bool Parses(SiloMetadata metadata) => metadata.Metadata.GetValueOrDefault(WorkKey, "").Split(',').Contains(Parse);

    /// <summary>Rankings need an engine even where the silo takes no stage of the queue.</summary>
    public static bool HasEngine(SiloMetadata metadata) => metadata.Metadata.GetValueOrDefault(EngineKey, None) != None;
}
