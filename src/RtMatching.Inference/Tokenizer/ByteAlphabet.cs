namespace RtMatching.Inference.Tokenizer;

/// <summary>GPT-2's printable stand-ins for the 256 bytes, in which byte-level vocabularies are written.</summary>
/// <remarks>
/// Printable Latin-1 bytes stand for themselves; the other 68 take U+0100 and on, in their order (so a blank is U+0120).
/// Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode.
/// </remarks>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = BuildLetters();
    private static readonly Dictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToDictionary(b => Letters[b], b => (byte)b);

    public static char Letter(byte value) => Letters[value];

    /// <summary>The bytes that a token stands for; false where it has a letter outside of the alphabet.</summary>
    public static bool TryBytes(string token, out byte[] bytes)
    {
        bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!Bytes.TryGetValue(token[i], out bytes[i]))
                return false;
        }
        return true;
    }

    private static char[] BuildLetters()
    {
        var letters = new char[256];
        var next = '\u0100';
        for (var b = 0; b < 256; b++)
            letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : next++;
        return letters;
    }
}
