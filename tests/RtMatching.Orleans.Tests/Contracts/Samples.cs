using Orleans.Runtime;
using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Tests.Contracts;

/// <summary>A value of every type that travels between silos, every member set.</summary>
internal static class Samples
{
    private static readonly Guid Token = Guid.Parse("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");

    public static RankingRequest Request { get; } = new()
    {
        Tenant = "acme", Text = "A job for a smith, 锻工", Mode = RankingMode.Dense, Top = 7, Offset = 3, Exact = true, Explain = true,
        Filter = new RankingFilter { Tags = ["a", "b"], Location = "Bern", Language = "de", Since = new DateOnly(2020, 1, 2), Until = new DateOnly(2024, 3, 4) },
    };

    public static RankedDocument Ranked { get; } = new(
        1, 17, "files", "cv-17", ["cv-18"], 0.5, 0.25, null, ["tag"], "Bern", "en", new DateOnly(2024, 5, 6),
        new Explanation([new RequirementCoverage("Forging", Coverage.Partly, 0.5, new Quote(3, 4, SectionKind.Other, "iron"), 0.75)], ["iron"]));

    public static EmbeddingOptions Options { get; } = new()
    {
        Pooling = PoolingKind.PromptEol, Instruction = "Find a smith", Iterations = 4, AllIterations = true, Dimension = 64, MaxTokens = 128,
        AppendEos = AppendEos.Never, Stop = new StableChange(0.03f),
    };

    public static TextEmbedding Embedding { get; } = new(12, true, [new PassEmbedding(1, [0.1f, -1.5f, float.Epsilon], null, [0.5f, 0.5f])]);

    public static Fault Fault { get; } = new() { Kind = FaultKind.Refused, Message = "other weights" };

    public static IReadOnlyList<object> All { get; } =
    [
        new Json { Utf8 = "{\"a\":1}"u8.ToArray() },
        VectorBlock.Of([[0.5f, -2], [3, 4.25f]]),
        Fault,
        new BatchOrder { Token = Token, IngestionId = 5, ProfileVersionId = 6, Stage = "parsed", Items = [7, 8, 1L << 40] },
        new BatchReply { Kind = BatchReplyKind.Refused, Reason = "other weights" },
        new ProfileTexts { ProfileVersionId = 6, Kind = "cv", Texts = ["one", "zwei"], Background = true },
        new VectorReply { Vectors = VectorBlock.Of([[1f, 2f]]), Fault = Fault },
        new ModelTexts { Model = "rt-mini", Texts = ["one"], Options = Json.Of(Options) },
        new EmbeddingReply { Embeddings = Json.Of(new[] { Embedding }), Fault = Fault },
        new RankOrder { Request = Json.Of(Request) },
        new RankReply { Ranking = Json.Of(new[] { Ranked }), Fault = Fault },
        new TicketOrder { BulkRankingId = 9, Token = Token, Position = 10 },
        new TicketReply { Ended = true },
        new SiloListing { Silos = [new SiloEntry { Report = Report, Age = TimeSpan.FromSeconds(1.5), Dead = true }] },
        new SiloEntry { Report = Report, Age = TimeSpan.FromSeconds(1.5), Dead = true },
        Report,
        Report.Stages[0],
        Report.Models[0],
        Report.Refusals[0],
    ];

    private static SiloReport Report => new()
    {
        Name = "silo-a", Address = SiloAddress.New(System.Net.IPAddress.Parse("10.0.0.7"), 11111, 3), Version = "0.1.0",
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), Preparation = 1,
        Stages = [new StageReport { Stage = "embed", Window = 2, BatchSize = 64 }], Engine = "cpu", EngineReady = true, EngineProblem = "no device",
        Models = [new ModelReport { Name = "rt-mini", WeightsHash = "ab12", Texts = 3, Tokens = 4 }], Batches = 1, Waiting = 2, Draining = true, Stopping = true,
        Grains = new Dictionary<string, int> { ["matching"] = 3 }, Refusals = [new RefusalReport { ProfileVersionId = 5, Reason = "other weights" }],
    };
}
