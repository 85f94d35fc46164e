using System.Net;
using RtMatching.Core.Ingestion;
using RtMatching.Server;

namespace RtMatching.Silo;

/// <summary>What one silo is in its cluster and what it does there.</summary>
internal sealed record SiloOptions
{
    /// <summary>Unique in the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>Silos of the same cluster and database find each other.</summary>
    public required string Cluster { get; init; }

    /// <summary>Where the other silos reach this one.</summary>
    public required IPEndPoint Address { get; init; }

    /// <summary>For programs that talk Orleans themselves; 0 opens none.</summary>
    public int GatewayPort { get; init; }

    /// <summary>Null where this silo has none.</summary>
    public SiloEngine? Engine { get; init; }

    public IngestionStages Work { get; init; }

    /// <summary>With semicolons between them.</summary>
    public required string Urls { get; init; }

    public required ServerOptions Server { get; init; }
}
