namespace RtMatching.Torch;

/// <summary>The devices asked for: the CPU, GPUs by their numbers, or every GPU of the machine.</summary>
/// <param name="Named">At least one, all different; null is every GPU, known once libtorch is loaded.</param>
public sealed record TorchDevices(IReadOnlyList<TorchDevice>? Named)
{
    private const string Forms = "write cpu, cuda for every GPU of the machine, or GPUs like cuda:0,cuda:1";

    public static readonly TorchDevices EveryGpu = new((IReadOnlyList<TorchDevice>?)null);

    public bool AreCuda => Named is null || Named[0].IsCuda;

    /// <param name="text"><c>cpu</c>, <c>cuda</c>, or <c>cuda:0,cuda:1</c>.</param>
    /// <exception cref="FormatException">It is none of these; the message says what to write.</exception>
    public static TorchDevices Parse(string text)
    {
        if (text == "cuda") return EveryGpu;
        var named = new List<TorchDevice>();
        foreach (var word in text.Split(','))
        {
            var device = TorchDevice.Parse(word) ?? throw new FormatException($"'{word}' names no device; {Forms}");
            if (named.Contains(device)) throw new FormatException($"{device} is named twice; {Forms}");
            named.Add(device);
        }

        // Vectors of one model must not depend on which of its devices was free.
        return named.DistinctBy(device => device.IsCuda).Count() == 1
            ? new TorchDevices(named)
            : throw new FormatException($"GPUs and the CPU give one model different vectors; {Forms}");
    }

    /// <param name="gpus">Their names; cuda:0 is the first.</param>
    /// <exception cref="TorchUnavailableException">The machine has no such GPU.</exception>
    internal IReadOnlyList<TorchDevice> On(IReadOnlyList<string> gpus)
    {
        var missing = Named?.FirstOrDefault(device => device.Index >= gpus.Count);
        if (missing is null) return Named ?? [.. Enumerable.Range(0, gpus.Count).Select(index => new TorchDevice(index))];
        var has = string.Join(", ", gpus.Select((name, index) => $"cuda:{index} ({name})"));
        throw new TorchUnavailableException(
            $"{missing} is not there: this machine has {has}. Name one of these, or look whether CUDA_VISIBLE_DEVICES hides it");
    }

    public override string ToString() => Named is null ? "cuda" : string.Join(',', Named);
}
