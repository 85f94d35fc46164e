using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>All work in this process.</summary>
internal sealed class InProcessBackend(Database database, ServerOptions options) : IMatchingBackend
{
    public Task StartIngestionAsync(long id, CancellationToken cancellation) => throw new NotImplementedException();

    public Task StartBulkRankingAsync(long id, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation) =>
        throw new NotImplementedException($"{database} {options}");

    public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation) => throw new NotImplementedException();
}
