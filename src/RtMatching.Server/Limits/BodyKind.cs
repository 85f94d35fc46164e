namespace RtMatching.Server.Limits;

/// <summary>What an endpoint is sent, which decides how large it may be: <c>.WithMetadata(BodyKind.Document)</c>. JSON without it.</summary>
internal enum BodyKind
{
    Json,

    /// <summary>One file, as it is.</summary>
    Document,

    /// <summary>A part of an ingestion, or the jobs of a bulk ranking; streamed, and as long as it takes.</summary>
    Ingestion,
}
