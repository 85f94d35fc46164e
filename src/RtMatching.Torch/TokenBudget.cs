using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Torch;

/// <summary>
/// How many tokens a batch may hold in a GPU's memory: found by running batches and looking what they took. libtorch keeps what it once took, so
/// the growth from a small batch to a large one is what the large one needed at its peak. Where a batch does not fit all the same (longer texts,
/// another program on the same GPU) it goes down, and stays there.
/// </summary>
/// <remarks>Safe to use from many threads.</remarks>
internal sealed class TokenBudget
{
    /// <summary>Larger batches are no faster, and answers come later.</summary>
    public const int Most = BatchBudget.MaxDeviceTokens;

    /// <summary>Below it a batch is a text or two, which are run all the same; a GPU that was full for a moment would be slow for good.</summary>
    public const int Least = 256;

    private const int Small = Least;    // it makes libtorch load its kernels and workspaces, which are not the tokens'
    private const int Large = 4_096;

    // The device gives memory in pieces of 2 to 20 MiB: from this growth on they no longer blur what a token takes.
    private const long Telling = 256L << 20;

    // Blocks that are free but too small for what comes next, longer texts than the measured, and the desktop or another program.
    private const double Margin = 0.15;

    private int _tokens;

    internal TokenBudget(int tokens) => _tokens = Math.Clamp(tokens, Least, Most);

    public int Tokens => Volatile.Read(ref _tokens);

    /// <param name="free">Bytes that are free on the device now.</param>
    /// <param name="probe">
    /// Runs a batch of so many tokens as batches are run, all that they keep included; throws <see cref="DeviceMemoryException"/> where it does not fit.
    /// </param>
    /// <exception cref="DeviceMemoryException">Not even a small batch fits beside the model.</exception>
    public static TokenBudget Measure(Func<long> free, Action<int> probe)
    {
        var room = free();
        probe(Small);
        var small = room - free();
        var (tokens, fits) = (Large, Small);
        while (Fits(probe, tokens))
        {
            fits = tokens;
            if (tokens == Most || room - free() - small >= Telling) break;
            tokens = Math.Min(4 * tokens, Most);
        }

        var limit = fits == tokens ? Most : Math.Max(Small, tokens / 2);
        return new TokenBudget(Math.Min(limit, Reckon(room, small, (fits, room - free()))));
    }

    /// <summary>A batch of so many did not fit: the next are smaller, down to <see cref="Least"/>.</summary>
    public void Shrink(int tokens)
    {
        var next = (int)Math.Max(Least, 3L * tokens / 4);
        for (var now = Tokens; next < now; now = Tokens)
        {
            if (Interlocked.CompareExchange(ref _tokens, next, now) == now) return;
        }
    }

    /// <param name="room">Bytes that were free before any batch.</param>
    /// <param name="small">Bytes that the small batch took.</param>
    /// <param name="large">Tokens and bytes of the largest that fitted.</param>
    private static int Reckon(long room, long small, (int Tokens, long Bytes) large)
    {
        if (large.Tokens <= Small) return Small;
        var token = (double)(large.Bytes - small) / (large.Tokens - Small);
        if (token <= 0) return Most;
        var constant = Math.Max(0, small - Small * token);
        return (int)Math.Clamp(((1 - Margin) * room - constant) / token, Least, Most);
    }

    private static bool Fits(Action<int> probe, int tokens)
    {
        try
        {
            probe(tokens);
            return true;
        }
        catch (DeviceMemoryException)
        {
            return false;
        }
    }
}
