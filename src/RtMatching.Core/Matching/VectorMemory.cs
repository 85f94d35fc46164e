using System.Security.Cryptography;
using System.Text;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>
/// Remembers the vectors of the last texts of some kinds, so that they are embedded once. Of a text it keeps the hash only.
/// </summary>
/// <param name="kinds">Texts of other kinds pass through.</param>
internal sealed class VectorMemory(EmbedTexts embed, IReadOnlyList<DocumentKind> kinds)
{
    // A job's text, its requirement lines, and those of a page of jobs: two megabytes at 1,024 dimensions.
    internal const int Capacity = 512;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<(DocumentKind, string), LinkedListNode<Entry>> _known = [];
    private readonly LinkedList<Entry> _latestFirst = new();

    private sealed record Entry((DocumentKind, string) Key, float[] Vector);

    /// <inheritdoc cref="EmbedTexts"/>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation)
    {
        if (!kinds.Contains(kind)) return await embed(texts, kind, cancellation);
        await _turn.WaitAsync(cancellation);        // two rankings at once of a new job embed it once
        try
        {
            var keys = texts.Select(text => (kind, Hash(text))).ToList();
            var vectors = keys.Select(Find).ToArray();
            var missing = Enumerable.Range(0, keys.Count).Where(i => vectors[i] is null).ToList();
            var made = missing.Count == 0 ? [] : await embed([.. missing.Select(i => texts[i])], kind, cancellation);
            foreach (var (i, vector) in missing.Zip(made)) Keep(keys[i], vectors[i] = vector);
            return vectors!;
        }
        finally
        {
            _turn.Release();
        }
    }

    private float[]? Find((DocumentKind, string) key)
    {
        if (!_known.TryGetValue(key, out var node)) return null;
        _latestFirst.Remove(node);
        _latestFirst.AddFirst(node);
        return node.Value.Vector;
    }

    private void Keep((DocumentKind, string) key, float[] vector)
    {
        if (_known.ContainsKey(key)) return;        // the same line twice in one text
        _known[key] = _latestFirst.AddFirst(new Entry(key, vector));
        if (_known.Count <= Capacity) return;
        _known.Remove(_latestFirst.Last!.Value.Key);
        _latestFirst.RemoveLast();
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
