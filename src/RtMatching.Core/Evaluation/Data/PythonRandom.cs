namespace RtMatching.Core.Evaluation.Data;

/// <summary>Python's <c>random.seed(n)</c> and <c>random.sample(range(n), k)</c>, so that figures made with it can be compared: the Mersenne Twister MT19937.</summary>
internal sealed class PythonRandom
{
    private const int N = 624;
    private const int M = 397;
    private readonly uint[] _state = new uint[N];
    private int _next = N;

    public PythonRandom(uint seed)
    {
        _state[0] = 19650218;
        for (var i = 1; i < N; i++) _state[i] = 1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i;
        var at = 1;
        for (var round = 0; round < N; round++, Advance(ref at))
            _state[at] = (_state[at] ^ ((_state[at - 1] ^ (_state[at - 1] >> 30)) * 1664525)) + seed;
        for (var round = 0; round < N - 1; round++, Advance(ref at))
            _state[at] = (_state[at] ^ ((_state[at - 1] ^ (_state[at - 1] >> 30)) * 1566083941)) - (uint)at;
        _state[0] = 0x80000000;
    }

    /// <summary><paramref name="count"/> different numbers below <paramref name="population"/>, in the order drawn.</summary>
    public IReadOnlyList<int> Sample(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);
        var setSize = 21.0;     // Python's own estimate of which way takes less memory decides which numbers are drawn
        if (count > 5) setSize += Math.Pow(4, Math.Ceiling(Math.Log(count * 3, 4)));
        return population <= setSize ? SampleFromPool(population, count) : SampleBySet(population, count);
    }

    private List<int> SampleFromPool(int population, int count)
    {
        var pool = Enumerable.Range(0, population).ToArray();
        var chosen = new List<int>(count);
        for (var i = 0; i < count; i++)
        {
            var drawn = Below(population - i);
            chosen.Add(pool[drawn]);
            pool[drawn] = pool[population - i - 1];
        }

        return chosen;
    }

    private List<int> SampleBySet(int population, int count)
    {
        var (chosen, drawnBefore) = (new List<int>(count), new HashSet<int>());
        while (chosen.Count < count)
        {
            var drawn = Below(population);
            if (drawnBefore.Add(drawn)) chosen.Add(drawn);
        }

        return chosen;
    }

    private int Below(int bound)
    {
        var bits = 32 - int.LeadingZeroCount(bound);
        while (true)
        {
            var drawn = (int)(Next() >> (32 - bits));
            if (drawn < bound) return drawn;
        }
    }

    private void Advance(ref int at)
    {
        if (++at < N) return;
        _state[0] = _state[N - 1];
        at = 1;
    }

    private uint Next()
    {
        if (_next == N) Twist();
        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (var i = 0; i < N; i++)
        {
            var y = (_state[i] & 0x80000000) | (_state[(i + 1) % N] & 0x7fffffff);
            _state[i] = _state[(i + M) % N] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }

        _next = 0;
    }
}
