namespace RtMatching.Core.Evaluation;

/// <summary>
/// The random numbers of one resample: SplitMix64 (Steele, Lea and Flood, 2014), started from a mix of seed and stream, so that
/// every resample has numbers of its own whichever thread draws it. (Neighbouring seeds of System.Random begin alike.)
/// </summary>
internal struct UnitDraw(int seed, int stream)
{
    private ulong _state = Mix(Mix((uint)seed) + (uint)stream);

    /// <summary>0 to <paramref name="below"/> - 1; the bias of the multiplication is below 2^-32 for any count of units here.</summary>
    public int Next(int below) => (int)(((UInt128)Mix(_state += 0x9E3779B97F4A7C15) * (uint)below) >> 64);

    /// <summary>A random order of 0 to <paramref name="count"/> - 1 (Fisher and Yates).</summary>
    public int[] Shuffle(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
