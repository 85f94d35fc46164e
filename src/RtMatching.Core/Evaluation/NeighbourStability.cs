using System.Numerics.Tensors;

namespace RtMatching.Core.Evaluation;

/// <summary>How much each text's nearest neighbours change from pass to pass.</summary>
/// <param name="Neighbours">K of the top K.</param>
/// <param name="Threshold">An overlap of so much counts as settled.</param>
/// <param name="Overlaps">The share of the K neighbours that pass k - 1 had too, from pass 2 on. (passes - 1, texts)</param>
/// <param name="PassesUntilSettled">The first pass whose neighbours overlap with those before by the threshold; all passes where none does. (texts)</param>
public sealed record NeighbourStabilityReport(
    int Neighbours, double Threshold, IReadOnlyList<float[]> Overlaps, int[] PassesUntilSettled)
{
    /// <summary>Mean over the texts of the overlap between passes k - 1 and k.</summary>
    /// <param name="k">From 2.</param>
    public double MeanOverlap(int k) => Overlaps[k - 2].Average();
}

/// <summary>
/// Stops a text when its neighbours stop moving, by hindsight: finding the neighbours after each pass costs more than the passes, so this is
/// a yardstick for other stop rules and no rule itself.
/// </summary>
public static class NeighbourStability
{
    /// <summary>Texts whose similarities to all others are held at once, by one thread.</summary>
    private const int BlockRows = 32;

    /// <param name="neighbours">K, at least 1; a text is not its own neighbour.</param>
    /// <param name="threshold">Overlap above 0, at most 1.</param>
    /// <param name="among">Indexes of the texts that may be neighbours, for example a task's documents; null for all.</param>
    /// <param name="of">Indexes of the texts whose neighbours are looked at, for example a task's queries: the report's texts; null for all.</param>
    /// <exception cref="ArgumentException">A number out of range, or fewer possible neighbours than asked for.</exception>
    public static NeighbourStabilityReport Measure(
        Sweep sweep, int neighbours, double threshold, IReadOnlyList<int>? among = null, IReadOnlyList<int>? of = null,
        CancellationToken cancellation = default)
    {
        var documents = among ?? [.. Enumerable.Range(0, sweep.Texts.Count)];
        var texts = of ?? [.. Enumerable.Range(0, sweep.Texts.Count)];
        if (neighbours < 1 || neighbours >= documents.Count)
            throw new ArgumentException($"{neighbours} neighbours cannot be told among {documents.Count} documents; ask for 1 to {documents.Count - 1}.");
        if (!(threshold is > 0 and <= 1)) throw new ArgumentException($"The overlap that counts as settled is {threshold}, but must be above 0 and at most 1.");
        if (sweep.Passes < 2) throw new ArgumentException($"A sweep of {sweep.Passes} passes has nothing to compare; sweep at least 2.");

        var overlaps = new List<float[]>(sweep.Passes - 1);
        var before = Nearest(sweep.At(1), texts, documents, neighbours, cancellation);
        for (var k = 2; k <= sweep.Passes; k++)
        {
            var now = Nearest(sweep.At(k), texts, documents, neighbours, cancellation);
            overlaps.Add([.. now.Select((found, text) => (float)found.Intersect(before[text]).Count() / neighbours)]);
            before = now;
        }

        var settled = Enumerable.Range(0, texts.Count).Select(text => FirstAtLeast(overlaps, text, threshold)).ToArray();
        return new NeighbourStabilityReport(neighbours, threshold, overlaps, settled);
    }

    private static int FirstAtLeast(List<float[]> overlaps, int text, double threshold)
    {
        var index = overlaps.FindIndex(pass => pass[text] >= threshold - 1e-6);     // an overlap of 7/10 is one of 0.7
        return index < 0 ? overlaps.Count + 1 : index + 2;
    }

    /// <summary>Each text's most similar documents, the first index first among equals. (texts, neighbours)</summary>
    private static int[][] Nearest(
        IReadOnlyList<float[]> vectors, IReadOnlyList<int> texts, IReadOnlyList<int> documents, int neighbours, CancellationToken cancellation)
    {
        var nearest = new int[texts.Count][];
        var blocks = (texts.Count + BlockRows - 1) / BlockRows;
        Parallel.For(0, blocks, new ParallelOptions { CancellationToken = cancellation }, block =>
        {
            var first = block * BlockRows;
            var rows = Math.Min(BlockRows, texts.Count - first);
            var scores = new float[rows][];
            for (var row = 0; row < rows; row++) scores[row] = new float[documents.Count];
            for (var document = 0; document < documents.Count; document++)      // a document's vector is read once for the whole block
            {
                ReadOnlySpan<float> vector = vectors[documents[document]];
                for (var row = 0; row < rows; row++)
                    scores[row][document] = documents[document] == texts[first + row] ? float.NegativeInfinity : TensorPrimitives.Dot(vectors[texts[first + row]], vector);
            }

            for (var row = 0; row < rows; row++) nearest[first + row] = Top(scores[row], neighbours);
        });
        return nearest;
    }

    private static int[] Top(float[] scores, int count)
    {
        var least = new PriorityQueue<int, (float Score, int Negated)>(count + 1);
        for (var i = 0; i < scores.Length; i++)
        {
            if (least.Count == count && least.TryPeek(out _, out var worst) && scores[i] <= worst.Score) continue;
            least.Enqueue(i, (scores[i], -i));
            if (least.Count > count) least.Dequeue();
        }

        return [.. least.UnorderedItems.Select(item => item.Element)];
    }
}
