namespace RtMatching.Inference.Batching;

/// <summary>
/// Texts end to end, without padding: row r is <c>Ids[Starts[r] .. Starts[r + 1])</c>.
/// </summary>
public sealed class PackedBatch
{
    /// <param name="texts">The ids of each text; none may be empty.</param>
    /// <exception cref="ArgumentException">A text has no ids.</exception>
    public PackedBatch(IReadOnlyList<int[]> texts)
    {
        Starts = new int[texts.Count + 1];
        for (var row = 0; row < texts.Count; row++)
        {
            if (texts[row].Length == 0) throw new ArgumentException($"Text {row} of the batch has no tokens.", nameof(texts));
            Starts[row + 1] = checked(Starts[row] + texts[row].Length);
        }

        Ids = new int[Starts[^1]];
        for (var row = 0; row < texts.Count; row++) texts[row].CopyTo(Ids, Starts[row]);
    }

    /// <summary>(tokens)</summary>
    public int[] Ids { get; }

    /// <summary>Cumulative lengths. (rows + 1)</summary>
    public int[] Starts { get; }

    public int Rows => Starts.Length - 1;
    public int Tokens => Ids.Length;
    public int Length(int row) => Starts[row + 1] - Starts[row];
}
