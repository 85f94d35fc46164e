namespace RtMatching.Inference.Pooling;

/// <summary>
/// Readings of the same sequence, which share one forward wherever they are cut alike: a text that all of them hold is run once; one too
/// long for some is run once for those that hold it, and once for each limit below its length.
/// </summary>
internal sealed class SharedSequence
{
    private readonly SequenceBuilder[] _builders;   // one for each limit, the lowest first
    private readonly SharedForward[] _whole;        // (limits): of texts that this limit is the first to hold
    private readonly SharedForward[] _cut;          // (limits): of texts that it cuts

    /// <param name="readings">Of one <see cref="SequenceBuilder.Form"/>, and of one memory where they take further passes.</param>
    public SharedSequence(IEnumerable<(SequenceBuilder Builder, Reading Reading)> readings)
    {
        var limits = readings.GroupBy(reading => reading.Builder.Limit).OrderBy(limit => limit.Key).ToArray();
        _builders = [.. limits.Select(limit => limit.First().Builder)];
        _whole = [.. limits.Select((_, i) => Forward(limits[i..].SelectMany(limit => limit)))];
        _cut = [.. limits[..^1].Select(Forward), _whole[^1]];

        static SharedForward Forward(IEnumerable<(SequenceBuilder, Reading Reading)> readings) =>
            new([.. readings.Select(reading => reading.Reading)]);
    }

    /// <summary>What is run for a text: every reading is in exactly one of the forwards.</summary>
    /// <exception cref="ArgumentException">There is nothing to run.</exception>
    public IEnumerable<(SharedForward Forward, TextSequence Sequence)> Build(string text)
    {
        var encoded = _builders[0].Encode(text);
        for (var limit = 0; limit < _builders.Length; limit++)
        {
            var holds = _builders[limit].Holds(encoded);
            yield return ((holds ? _whole : _cut)[limit], _builders[limit].Build(encoded));
            if (holds) yield break;
        }
    }
}
