using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace RtMatching.Orleans.Contracts;

/// <summary>What a silo says of itself, every two seconds.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.SiloReport")]
public sealed record SiloReport
{
    [Id(0)]
    public string Name { get; init; } = "";

    [Id(1)]
    public SiloAddress Address { get; init; } = SiloAddress.Zero;

    /// <summary>Of the program.</summary>
    [Id(2)]
    public string Version { get; init; } = "";

    [Id(3)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How it prepares texts; those of another preparation it must not embed.</summary>
    [Id(4)]
    public int Preparation { get; init; }

    [Id(5)]
    public StageReport[] Stages { get; init; } = [];

    /// <summary>For those who read: cpu, torch cuda:0,cuda:1 bf16; null where it has none.</summary>
    [Id(6)]
    public string? Engine { get; init; }

    /// <summary>A model is loaded and works.</summary>
    [Id(7)]
    public bool EngineReady { get; init; }

    /// <summary>What keeps its engine from working.</summary>
    [Id(8)]
    public string? EngineProblem { get; init; }

    [Id(9)]
    public ModelReport[] Models { get; init; } = [];

    /// <summary>Of ingestions, in flight there.</summary>
    [Id(10)]
    public int Batches { get; init; }

    /// <summary>Texts that wait for its engine, or are in it.</summary>
    [Id(11)]
    public int Waiting { get; init; }

    [Id(12)]
    public bool Draining { get; init; }

    [Id(13)]
    public bool Stopping { get; init; }

    [Id(14)]
    public Dictionary<string, int> Grains { get; init; } = [];

    [Id(15)]
    public RefusalReport[] Refusals { get; init; } = [];

    /// <summary>Which of its engine's devices are out while the others work on; no reason to send it nothing.</summary>
    [Id(16)]
    public string? EngineWarning { get; init; }

    /// <summary>It takes no more work and no more grains.</summary>
    public bool Leaves => Draining || Stopping;
}

/// <summary>A stage that a silo works at.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.StageReport")]
public sealed record StageReport
{
    /// <summary>parse or embed.</summary>
    [Id(0)]
    public string Stage { get; init; } = "";

    /// <summary>Batches of one ingestion in flight there, at most.</summary>
    [Id(1)]
    public int Window { get; init; }

    /// <summary>Items in a batch.</summary>
    [Id(2)]
    public int BatchSize { get; init; }
}

/// <summary>A model that is loaded.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.ModelReport")]
public sealed record ModelReport
{
    [Id(0)]
    public string Name { get; init; } = "";

    [Id(1)]
    public string WeightsHash { get; init; } = "";

    /// <summary>Embedded since it was loaded.</summary>
    [Id(2)]
    public long Texts { get; init; }

    [Id(3)]
    public long Tokens { get; init; }
}

/// <summary>A profile version that a silo refuses to work for, and why.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.RefusalReport")]
public sealed record RefusalReport
{
    [Id(0)]
    public long ProfileVersionId { get; init; }

    [Id(1)]
    public string Reason { get; init; } = "";
}

/// <summary>All silos that are known, with the age of what is known.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.SiloListing")]
public sealed record SiloListing
{
    [Id(0)]
    public SiloEntry[] Silos { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("rtmatch.SiloEntry")]
public sealed record SiloEntry
{
    [Id(0)]
    public SiloReport Report { get; init; } = new();

    /// <summary>How old the report was when the listing was made.</summary>
    [Id(1)]
    public TimeSpan Age { get; init; }

    /// <summary>By membership.</summary>
    [Id(2)]
    public bool Dead { get; init; }
}
