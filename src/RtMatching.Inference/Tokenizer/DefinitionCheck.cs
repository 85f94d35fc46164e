using System.Text;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Checks a definition from a file, which may lie, and turns it into the tables that encoding needs.</summary>
internal sealed class DefinitionCheck(BpeDefinition definition)
{
    /// <summary>Sixteen times the largest vocabularies in use; keeps an id of two billion from sizing a table.</summary>
    public const int LargestVocabulary = 1 << 22;

    /// <summary>Every position of a text may be compared with as much as this of an added token.</summary>
    private const int LongestAddedToken = 1024;

    private int VocabularySize()
    {
        var size = 0;
        foreach (var (token, id) in definition.Vocabulary.Concat(definition.AddedTokens.Select(t => KeyValuePair.Create(t.Content, t.Id))))
        {
            if (id is < 0 or >= LargestVocabulary)
                throw Invalid($"token {Quote(token)} has the id {id}; ids must lie in 0 .. {LargestVocabulary - 1}");
            size = Math.Max(size, id + 1);
        }
        return size > 0 ? size : throw Invalid("the vocabulary is empty");
    }

    public TokenBytes TokenBytes()
    {
        var bytes = new byte[]?[VocabularySize()];
        foreach (var (token, id) in definition.Vocabulary)
        {
            if (bytes[id] is not null)
                throw Invalid($"token {Quote(token)} has the id {id}, which another token has already");
            // A token beyond the byte alphabet can be no merge's result; it stands for itself, as in the reference tokenizer.
            bytes[id] = ByteAlphabet.TryBytes(token, out var known) ? known : Encoding.UTF8.GetBytes(token);
        }
        foreach (var added in definition.AddedTokens)
            bytes[added.Id] = AddedBytes(added, bytes[added.Id] is not null);
        return new TokenBytes(bytes);
    }

    public MergeTable Merges()
    {
        if (definition.Merges.Count > LargestVocabulary)
            throw Invalid($"there are {definition.Merges.Count} merges; at most {LargestVocabulary} are read");
        var table = new MergeTable(definition.Merges.Count);
        for (var rank = 0; rank < definition.Merges.Count; rank++)
        {
            var (left, right) = definition.Merges[rank];
            table.Add(Id(left, rank), Id(right, rank), rank, Id(left + right, rank));
        }
        return table;
    }

    public int? UnknownId()
    {
        if (definition.UnknownToken is not { } token)
            return null;
        return definition.Vocabulary.TryGetValue(token, out var id)
            ? id : throw Invalid($"the unknown token {Quote(token)} is not in the vocabulary");
    }

    public IReadOnlyList<int> KnownIds(IReadOnlyList<int> ids)
    {
        var known = definition.Vocabulary.Values.Concat(definition.AddedTokens.Select(t => t.Id)).ToHashSet();
        foreach (var id in ids)
        {
            if (!known.Contains(id))
                throw Invalid($"the post-processor adds the id {id}, which no token has");
        }
        return [.. ids];
    }

    private byte[] AddedBytes(AddedToken added, bool idTaken)
    {
        if (added.Content.Length is 0 or > LongestAddedToken)
            throw Invalid($"added token {added.Id} has {added.Content.Length} characters; it must have 1 to {LongestAddedToken}");
        var inVocabulary = definition.Vocabulary.TryGetValue(added.Content, out var id);
        if (inVocabulary ? id != added.Id : idTaken)
            throw Invalid($"added token {Quote(added.Content)} has the id {added.Id}, but the vocabulary gives "
                + (inVocabulary ? $"it {id}" : "that id to another token"));
        return Encoding.UTF8.GetBytes(added.Content);
    }

    private int Id(string token, int rank) => definition.Vocabulary.TryGetValue(token, out var id)
        ? id : throw Invalid($"merge {rank} needs the token {Quote(token)}, which the vocabulary lacks");

    private InvalidTokenizerException Invalid(string what) =>
        new($"{definition.Source}: {what}. The file is damaged or was edited by hand: fetch it again from where the model came from.");

    /// <summary>Tokens come from the file: cut, and without control characters that would garble a terminal.</summary>
    public static string Quote(string token) =>
        $"\"{string.Concat(token.Take(60).Select(c => char.IsControl(c) ? '?' : c))}{(token.Length > 60 ? "..." : "")}\"";
}
