using System.Buffers;
using System.Text;

namespace RtMatching.Inference.Tokenizer;

/// <summary>A vocabulary by id: the bytes that each token stands for, null where no token has the id.</summary>
internal sealed class TokenBytes(byte[]?[] bytes)
{
    /// <summary>One more than the largest id.</summary>
    public int Count => bytes.Length;

    /// <inheritdoc cref="ITokenizer.Decode"/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)bytes.Length || bytes[id] is not { } token)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"No token has this id; the vocabulary has {Count}.");
            text.Write(token);
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
