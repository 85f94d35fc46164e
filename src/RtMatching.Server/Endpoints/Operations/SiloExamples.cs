using RtMatching.Core.Operations;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary>Silos as <c>/openapi.json</c> shows them.</summary>
internal static class SiloExamples
{
    private static readonly DateTimeOffset Started = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    public static SiloStatus Active { get; } = new("engine-1", "10.0.0.11:11111", SiloState.Active, "1.0.0", Started, ["parse", "embed"], "cpu", null, 2,
        new Dictionary<string, int> { ["ingestion"] = 1, ["matching"] = 12 }, 0.8);

    public static SiloStatus Draining { get; } = Active with
    {
        Name = "engine-2", Address = "10.0.0.12:11111", State = SiloState.Draining, Batches = 1, Grains = new Dictionary<string, int> { ["matching"] = 3 },
    };
}
