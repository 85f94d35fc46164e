using RtMatching.Core.Documents;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>Something that goes wrong while the loop goes on.</summary>
/// <param name="IngestionId">Null where it concerns all.</param>
/// <param name="Message">For an operator; never a piece of a document.</param>
/// <param name="Pause">Before it is tried again.</param>
public sealed record IngestionTrouble(long? IngestionId, string Message, TimeSpan Pause)
{
    /// <summary>The message of what is known to speak of models, profiles and programs; of anything else only the kind: it may quote a text.</summary>
    internal static IngestionTrouble Of(long? ingestion, Exception e, TimeSpan pause) => new(ingestion, e switch
    {
        EngineFailedException or InvalidModelException or DocumentToolMissingException or InvalidOperationException
            or ArgumentException => e.Message,
        _ => DatabaseRetry.Reason("Working on ingestions", e),
    }, pause);
}
