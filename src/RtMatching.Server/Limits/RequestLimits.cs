using System.ComponentModel;

namespace RtMatching.Server.Limits;

/// <summary>
/// How much one request, one caller and all together may ask for. Each can be set with <c>--limit Name=N</c> or the environment's
/// <c>RtMatching__Limits__Name</c>; the descriptions are what <c>--help</c> prints.
/// </summary>
public sealed record RequestLimits
{
    [Description("bytes of a JSON body")]
    public long JsonBytes { get; init; } = 10 * 1024 * 1024;

    [Description("bytes of one document put by itself")]
    public long DocumentBytes { get; init; } = 20 * 1024 * 1024;

    [Description("bytes of one submission of files or rows; larger ingestions are sent in parts")]
    public long IngestionBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    [Description("bytes of a request's headers together")]
    public int HeaderBytes { get; init; } = 32 * 1024;

    [Description("seconds in which a request's headers must have arrived")]
    public int HeaderSeconds { get; init; } = 15;

    [Description("bytes a second that a body must at least bring")]
    public int BodyBytesPerSecond { get; init; } = 240;

    [Description("seconds before that is asked for; at least 2")]
    public int BodyGraceSeconds { get; init; } = 5;

    [Description("seconds that a request may take; submissions and streams may take longer")]
    public int RequestSeconds { get; init; } = 60;

    [Description("open connections; further ones are closed at once")]
    public int Connections { get; init; } = 5_000;

    [Description("rankings at once; further ones wait, and those at once are embedded together")]
    public int Rankings { get; init; } = Math.Max(16, 4 * Environment.ProcessorCount);

    [Description("rankings that wait; further ones are answered 503")]
    public int RankingQueue { get; init; } = 256;

    [Description("followers of rankings at once; further ones are answered 503")]
    public int Followers { get; init; } = 256;

    [Description("requests for embeddings at once; further ones wait")]
    public int Embeddings { get; init; } = 4;

    [Description("requests for embeddings that wait; further ones are answered 503")]
    public int EmbeddingQueue { get; init; } = 128;

    [Description("submissions read at once; further ones wait")]
    public int Submissions { get; init; } = 8;

    [Description("submissions that wait, their bodies unread; further ones are answered 503")]
    public int SubmissionQueue { get; init; } = 64;

    [Description("requests a second of one caller in the long run; further ones are answered 429")]
    public int RequestsPerSecond { get; init; } = 200;

    [Description("requests that one caller may make at once after a pause")]
    public int RequestBurst { get; init; } = 1_000;
}
