using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// Texts end to end and the same texts side by side, as attention wants them: filled up at the end to the longest. For the pass that it is made in.
/// </summary>
internal sealed class Padding
{
    private readonly int _texts;
    private readonly Tensor? _padded; // (texts * longest): which of the tokens; null where all texts are equally long
    private readonly Tensor? _unpadded; // (tokens): where each stands among the padded

    /// <param name="lengths">Tokens of each text.</param>
    public Padding(TorchDecoder decoder, int[] lengths)
    {
        (_texts, Longest, Tokens) = (lengths.Length, lengths.Max(), lengths.Sum());
        if (Tokens == _texts * Longest) return;
        var (padded, unpadded) = (new long[_texts * Longest], new long[Tokens]);
        var token = 0;
        for (var text = 0; text < _texts; text++)
        {
            for (var i = 0; i < lengths[text]; i++, token++)
                (padded[text * Longest + i], unpadded[token]) = (token, text * Longest + i);
        }

        (_padded, _unpadded) = (decoder.Upload(padded), decoder.Upload(unpadded));
    }

    public int Longest { get; }
    public int Tokens { get; }

    /// <param name="rows">(tokens, ...)</param>
    /// <returns>(texts, longest, ...); rows beyond a text's end hold some other token.</returns>
    public Tensor Pad(Tensor rows) => (_padded is null ? rows : rows.index_select(0, _padded)).unflatten(0, _texts, Longest);

    /// <param name="rows">(texts, longest, ...)</param>
    public Tensor Unpad(Tensor rows) => _unpadded is null ? rows.flatten(0, 1) : rows.flatten(0, 1).index_select(0, _unpadded);
}
