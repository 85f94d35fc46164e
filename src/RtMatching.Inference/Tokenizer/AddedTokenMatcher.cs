using System.Buffers;
using System.Text;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Finds added tokens in a text: leftmost, longest, not overlapping.</summary>
/// <remarks>The rules are those of Hugging Face tokenizers' AddedVocabulary (added_vocabulary.rs, find_matches).</remarks>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Letter), int> _edges = [];
    private readonly Dictionary<int, AddedToken> _tokens = []; // By the node where they end.
    private readonly SearchValues<char> _firstLetters;

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        foreach (var token in tokens)
            Add(token);
        _firstLetters = SearchValues.Create([.. _edges.Keys.Where(e => e.Node == 0).Select(e => e.Letter)]);
    }

    /// <summary>A stretch of the text; <paramref name="Id"/> is null where it holds no added token.</summary>
    public readonly record struct Piece(int Start, int End, int? Id);

    /// <summary>The text in its order, cut at the added tokens. What a token strips lies inside its piece.</summary>
    public IEnumerable<Piece> Split(string text)
    {
        int done = 0, searched = 0;
        while (Find(text, searched, out var start, out var token))
        {
            var end = searched = start + token.Content.Length;
            if (token.SingleWord && (EndsWithWord(text, start) || StartsWithWord(text, end)))
                continue;
            if (token.StripLeft)
                start = StripLeft(text, start, done);
            if (token.StripRight)
                end = CharacterClasses.RunEnd(text, end, CharacterClass.Space);
            if (done < start)
                yield return new Piece(done, start, null);
            yield return new Piece(start, end, token.Id);
            done = end;
        }
        if (done < text.Length)
            yield return new Piece(done, text.Length, null);
    }

    private void Add(AddedToken token)
    {
        var node = 0;
        foreach (var letter in token.Content)
        {
            if (!_edges.TryGetValue((node, letter), out var next))
                _edges.Add((node, letter), next = _edges.Count + 1);
            node = next;
        }
        _tokens.TryAdd(node, token);
    }

    private bool Find(string text, int from, out int start, out AddedToken token)
    {
        for (start = from; start < text.Length; start++)
        {
            var skipped = text.AsSpan(start).IndexOfAny(_firstLetters);
            if (skipped < 0)
                break;
            start += skipped;
            if (LongestAt(text, start) is not { } found)
                continue;
            token = found;
            return true;
        }
        token = null!;
        return false;
    }

    private AddedToken? LongestAt(string text, int start)
    {
        AddedToken? longest = null;
        var node = 0;
        for (var i = start; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
            longest = _tokens.GetValueOrDefault(node) ?? longest;
        return longest;
    }

    private static int StripLeft(string text, int start, int lowest)
    {
        while (start > lowest && char.IsWhiteSpace(text[start - 1]))
            start--;
        return start;
    }

    private static bool EndsWithWord(string text, int end) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, end), out var rune, out _) == OperationStatus.Done
        && CharacterClasses.IsWordCharacter(rune.Value);

    private static bool StartsWithWord(string text, int start) =>
        Rune.DecodeFromUtf16(text.AsSpan(start), out var rune, out _) == OperationStatus.Done
        && CharacterClasses.IsWordCharacter(rune.Value);
}
