using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Byte-level byte-pair encoding, id for id that of Hugging Face tokenizers.</summary>
/// <remarks>
/// The way of a text: added tokens are cut out, the rest is brought into form C, cut into words, each word's UTF-8 bytes are merged.
/// Read one with <see cref="TokenizerJson"/> or <see cref="GgufTokenizer"/>.
/// </remarks>
public sealed class BpeTokenizer : ITokenizer
{
    private const int Absent = -1;

    private readonly AddedTokenMatcher _verbatim;
    private readonly AddedTokenMatcher _normalized;
    private readonly BytePairMerger _merger;
    private readonly int[] _byteIds;
    private readonly TokenBytes _tokens;
    private readonly WordCache _cache = new();
    private readonly IReadOnlyDictionary<string, int>? _wholeWords;
    private readonly int _longestWholeWord;
    private readonly PreTokenizer _preTokenizer;
    private readonly Normalization _normalization;
    private readonly bool _addPrefixSpace;
    private readonly int _unknownId;
    private readonly bool _fuseUnknown;

    /// <exception cref="InvalidTokenizerException">The definition contradicts itself.</exception>
    internal BpeTokenizer(BpeDefinition definition)
    {
        var check = new DefinitionCheck(definition);
        _tokens = check.TokenBytes();
        _merger = new BytePairMerger(check.Merges());
        PrefixIds = check.KnownIds(definition.PrefixIds);
        SuffixIds = check.KnownIds(definition.SuffixIds);
        _byteIds = [.. Enumerable.Range(0, 256).Select(b => ByteId(definition, (byte)b))];
        _unknownId = check.UnknownId() ?? Absent;
        _fuseUnknown = definition.FuseUnknown;
        _preTokenizer = definition.PreTokenizer;
        _normalization = definition.Normalization;
        _addPrefixSpace = definition.AddPrefixSpace;
        _verbatim = new AddedTokenMatcher(definition.AddedTokens.Where(t => !t.Normalized));
        _normalized = new AddedTokenMatcher(
            definition.AddedTokens.Where(t => t.Normalized).Select(t => t with { Content = _normalization.Apply(t.Content) }));
        _wholeWords = definition.IgnoreMerges ? definition.Vocabulary : null;
        _longestWholeWord = definition.Vocabulary.Keys.Select(t => t.Length).DefaultIfEmpty().Max();
    }

    public int VocabularySize => _tokens.Count;

    public IReadOnlyList<int> PrefixIds { get; }

    public IReadOnlyList<int> SuffixIds { get; }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 8);
        text = WithoutLoneSurrogates(text);
        foreach (var piece in _verbatim.Split(text))
        {
            if (piece.Id is { } id)
                ids.Add(id);
            else
                EncodeNormalized(_normalization.Apply(text[piece.Start..piece.End]), ids);
        }
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids) => _tokens.Decode(ids);

    private void EncodeNormalized(string text, List<int> ids)
    {
        foreach (var piece in _normalized.Split(text))
        {
            if (piece.Id is { } id)
                ids.Add(id);
            else if (_addPrefixSpace && text[piece.Start] != ' ')
                EncodeWords(" " + text[piece.Start..piece.End], ids);
            else
                EncodeWords(text.AsSpan(piece.Start, piece.End - piece.Start), ids);
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = WordScanner.WordEnd(_preTokenizer, text, start);
            EncodeWord(text[start..end], ids);
            start = end;
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > WordCache.LongestWord)
        {
            MergeWord(word, ids);
            return;
        }
        if (_cache.Find(word, out var place) is { } known)
        {
            ids.AddRange(known);
            return;
        }
        var before = ids.Count;
        MergeWord(word, ids);
        _cache.Store(place, word, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    private void MergeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        var size = Encoding.UTF8.GetMaxByteCount(word.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(size);
        var symbols = ArrayPool<int>.Shared.Rent(size);
        try
        {
            var utf8 = bytes.AsSpan(0, Encoding.UTF8.GetBytes(word, bytes));
            if (WholeWordId(utf8) is { } id)
                ids.Add(id);
            else
                ids.AddRange(symbols.AsSpan(0, _merger.Merge(symbols.AsSpan(0, ByteIds(utf8, symbols)))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(symbols);
        }
    }

    /// <summary>The ids of the bytes; a byte that the vocabulary lacks becomes the unknown token, or vanishes without one.</summary>
    private int ByteIds(ReadOnlySpan<byte> utf8, Span<int> symbols)
    {
        var count = 0;
        var afterUnknown = false;
        foreach (var b in utf8)
        {
            var unknown = _byteIds[b] == Absent;
            var id = unknown ? _unknownId : _byteIds[b];
            if (id != Absent && !(unknown && afterUnknown && _fuseUnknown))
                symbols[count++] = id;
            afterUnknown = unknown;
        }
        return count;
    }

    private int? WholeWordId(ReadOnlySpan<byte> utf8)
    {
        if (_wholeWords is null || utf8.Length > _longestWholeWord)
            return null;
        var letters = new char[utf8.Length];
        for (var i = 0; i < letters.Length; i++)
            letters[i] = ByteAlphabet.Letter(utf8[i]);
        return _wholeWords.TryGetValue(new string(letters), out var id) ? id : null;
    }

    private static int ByteId(BpeDefinition definition, byte value) =>
        definition.Vocabulary.TryGetValue(ByteAlphabet.Letter(value).ToString(), out var id) ? id : Absent;

    /// <summary>UTF-8 has no place for half a surrogate pair: it becomes U+FFFD, as .NET and Python's "replace" write it.</summary>
    internal static string WithoutLoneSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }
}
