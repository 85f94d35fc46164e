namespace RtMatching.Core.Ingestion;

/// <summary>
/// Places for batches of one stage at a station, and the line of those that were turned away: a place that becomes free is theirs first, or an
/// ingestion that sends the next batch at once would keep the others out for ever. Not thread-safe.
/// </summary>
internal sealed class StationRoom(int capacity, TimeProvider time)
{
    // Who was turned away asks again within a second; who does not has gone elsewhere.
    private static readonly TimeSpan Waits = TimeSpan.FromSeconds(2);

    private readonly List<(long Ingestion, long Asked)> _line = [];

    public int Taken { get; private set; }

    /// <summary>Takes a place; false where there is none, or where those that are free are others', who were turned away before.</summary>
    public bool TryTake(long ingestion)
    {
        _line.RemoveAll(waiting => time.GetElapsedTime(waiting.Asked) > Waits);
        var place = _line.FindIndex(waiting => waiting.Ingestion == ingestion);
        if (capacity - Taken > (place < 0 ? _line.Count : place))
        {
            if (place >= 0) _line.RemoveAt(place);
            Taken++;
            return true;
        }

        if (place < 0) _line.Add((ingestion, time.GetTimestamp()));
        else _line[place] = (ingestion, time.GetTimestamp());
        return false;
    }

    public void Leave() => Taken--;
}
