namespace RtMatching.Inference.Batching;

/// <summary>Which of an engine's devices are out, and why, in words for an operator. Not safe for several threads at once.</summary>
internal sealed class EngineOutages(string model, int devices)
{
    private readonly Dictionary<EngineDevice, Exception> _out = [];

    public int Working => devices - _out.Count;

    /// <summary>Null where all of them work, or none. Holds nothing of any text that was sent.</summary>
    public string? Warning => Working == devices || Working == 0 ? null : $"{model} embeds on {Working} of {devices} devices at present: {Reasons()}";

    /// <summary>Null as long as one works.</summary>
    public EngineFailedException? Failure => Working > 0 ? null : new($"{model} embeds nothing at present: {Reasons()}", _out.Values.Last());

    /// <param name="probe">What a text that nobody sent failed with there.</param>
    public void Add(EngineDevice device, Exception probe) => _out[device] = probe;

    public void Remove(EngineDevice device) => _out.Remove(device);

    /// <summary>Those with the same reason stand together; an only device is not named.</summary>
    private string Reasons() => string.Join("; ", _out.GroupBy(failed => Reason(failed.Value), failed => failed.Key.Name)
        .Select(same => devices == 1 ? same.Key : $"{string.Join(", ", same.Order(StringComparer.Ordinal))}: {same.Key}"));

    /// <summary>Its first line: a native library's message goes on with its stack.</summary>
    private static string Reason(Exception probe) => $"{probe.GetType().Name}: {probe.Message.Split('\n')[0].TrimEnd()}";
}
