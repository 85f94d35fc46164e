using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Server.Limits;

namespace RtMatching.Server;

/// <summary>What one server process does, and how much of it at once.</summary>
public sealed record ServerOptions
{
    /// <summary>What telemetry calls the process where <c>OTEL_SERVICE_NAME</c> gives no name.</summary>
    public string Service { get; init; } = "rtmatch-server";

    /// <summary>Stages of the queue that this process works on; none: it only answers requests.</summary>
    public IngestionStages Work { get; init; } = IngestionStages.All;

    /// <summary>The profile whose model <c>/health</c> waits for.</summary>
    public string Profile { get; init; } = TaskProfile.DefaultName;

    public IngestionOptions Ingestion { get; init; } = new();

    public RequestLimits Limits { get; init; } = new();

    /// <summary>Keys are asked for on loopback too, for example behind a proxy of the same machine. Elsewhere they always are.</summary>
    public bool RequireKeys { get; init; }

    /// <summary>How long a stopping server finishes what it does before it hands back what it leased.</summary>
    public TimeSpan ShutdownTime { get; init; } = TimeSpan.FromSeconds(20);
}
