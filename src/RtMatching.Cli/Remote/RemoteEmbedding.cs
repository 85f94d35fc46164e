using System.Runtime.InteropServices;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Pooling;

namespace RtMatching.Cli.Remote;

/// <summary><c>embed --server</c>: lines go to the server's embeddings in batches and come back as vectors, in the same order.</summary>
internal sealed class RemoteEmbedding(ServerClient server, string? model, EmbeddingOptions options)
{
    private const int MaxTexts = 256;
    private const int MaxCharacters = 250_000;

    private sealed record Answer(IReadOnlyList<Item> Data);

    /// <param name="Embedding">Base64 of little-endian float32.</param>
    private sealed record Item(int Index, byte[] Embedding, int Tokens, bool Truncated);

    /// <summary>Each line with its vector.</summary>
    public async IAsyncEnumerable<(IdentifiedText Line, TextEmbedding Embedding)> EmbedAsync(
        IAsyncEnumerable<IdentifiedText> lines, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var batch = new List<IdentifiedText>();
        var characters = 0;
        await foreach (var line in lines.WithCancellation(cancellation))
        {
            if (batch.Count == MaxTexts || (batch.Count > 0 && characters + line.Text.Length > MaxCharacters))
            {
                foreach (var done in await SendAsync(batch, cancellation)) yield return done;
                batch.Clear();
                characters = 0;
            }

            batch.Add(line);
            characters += line.Text.Length;
        }

        if (batch.Count == 0) yield break;
        foreach (var done in await SendAsync(batch, cancellation)) yield return done;
    }

    private async Task<IReadOnlyList<(IdentifiedText, TextEmbedding)>> SendAsync(List<IdentifiedText> batch, CancellationToken cancellation)
    {
        var answer = await server.PostAsync<Answer>("v1/embeddings", new
        {
            Model = model, Input = batch.Select(line => line.Text).ToArray(), EncodingFormat = "base64", Dimensions = options.Dimension,
            options.Pooling, options.Iterations, options.Instruction, options.NoPrompt, options.AppendEos, options.Layers,
        }, cancellation);
        if (answer.Data.Count != batch.Count) throw new CommandException($"the server gave {answer.Data.Count} vectors for {batch.Count} texts");
        return [.. answer.Data.OrderBy(item => item.Index).Select((item, i) => (batch[i], Read(item)))];
    }

    private TextEmbedding Read(Item item)
    {
        var vector = new float[item.Embedding.Length / sizeof(float)];
        MemoryMarshal.Cast<byte, float>(item.Embedding).CopyTo(vector);      // every machine that .NET 10 runs on is little-endian
        return new TextEmbedding(item.Tokens, item.Truncated, [new PassEmbedding(options.Iterations, vector, null)]);
    }
}
