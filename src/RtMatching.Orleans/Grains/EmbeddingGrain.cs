using Orleans;
using Orleans.Concurrency;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Pooling;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Embedding;
using RtMatching.Orleans.Placement;

namespace RtMatching.Orleans.Grains;

/// <summary>The way to the engines of the silo that its key names. Holds nothing: the work is the silo's, on the pool's threads.</summary>
[StatelessWorker, Reentrant, SiloFilter(SiloNeed.NamedEngine)]
[GrainType("rtmatch.embedding")]
internal sealed class EmbeddingGrain(BatchesAtWork batches, LocalEmbedding embedding) : Grain, IEmbeddingGrain
{
    public Task<BatchReply> WorkAsync(BatchOrder order, CancellationToken cancellation) => batches.WorkAsync(order.ToBatch(), cancellation);

    public Task<BatchReply> AwaitAsync(Guid token, CancellationToken cancellation) => batches.AwaitAsync(token, cancellation);

    public async Task<VectorReply> EmbedForProfileAsync(ProfileTexts order, CancellationToken cancellation)
    {
        try
        {
            return new VectorReply { Vectors = VectorBlock.Of(await Task.Run(() => embedding.EmbedAsync(order, cancellation), cancellation)) };
        }
        catch (Exception e) when (Fault.Of(e) is { } fault)
        {
            return new VectorReply { Fault = fault };
        }
    }

    public async Task<EmbeddingReply> EmbedAsync(ModelTexts order, CancellationToken cancellation)
    {
        try
        {
            var options = order.Options?.Read<EmbeddingOptions>() ?? new EmbeddingOptions();
            return new EmbeddingReply { Embeddings = Json.Of(await Task.Run(() => embedding.EmbedAsync(order, options, cancellation), cancellation)) };
        }
        catch (Exception e) when (Fault.Of(e) is { } fault)
        {
            return new EmbeddingReply { Fault = fault };
        }
    }
}

/// <summary>The way to the parsers of the silo that its key names.</summary>
[StatelessWorker, Reentrant, SiloFilter(SiloNeed.NamedParser)]
[GrainType("rtmatch.parsing")]
internal sealed class ParsingGrain(BatchesAtWork batches) : Grain, IParsingGrain
{
    public Task<BatchReply> WorkAsync(BatchOrder order, CancellationToken cancellation) => batches.WorkAsync(order.ToBatch(), cancellation);

    public Task<BatchReply> AwaitAsync(Guid token, CancellationToken cancellation) => batches.AwaitAsync(token, cancellation);
}
