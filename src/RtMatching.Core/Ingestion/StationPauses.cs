namespace RtMatching.Core.Ingestion;

/// <summary>Stations that an ingestion lets alone for a while: shortly where they have no room, longer and longer where they fail.</summary>
internal sealed class StationPauses(TimeProvider time, GrowingPause busy, GrowingPause failing)
{
    private readonly Dictionary<string, Pause> _pauses = [];

    /// <summary>It failed or refused the work, and may not be counted on.</summary>
    public bool IsOut(string station) => _pauses.TryGetValue(station, out var pause) && pause.IsOut && !HasPassed(pause);

    /// <summary>Nothing is sent there now.</summary>
    public bool IsPaused(string station) => _pauses.TryGetValue(station, out var pause) && !HasPassed(pause);

    /// <summary>Until the next pause has passed; null where there is none.</summary>
    public TimeSpan? Shortest
    {
        get
        {
            var left = _pauses.Values.Where(pause => !HasPassed(pause)).Select(pause => pause.Length - time.GetElapsedTime(pause.Since)).ToList();
            return left.Count == 0 ? null : left.Min();
        }
    }

    /// <summary>It has no room. Jittered, so that those who wait for the same station do not come back together.</summary>
    public void Busy(string station)
    {
        if (!IsOut(station)) Add(station, busy, isOut: false, reason: null);
    }

    /// <returns>How long it is let alone, where the reason is new and worth telling.</returns>
    public TimeSpan? Out(string station, string reason)
    {
        var isKnown = _pauses.TryGetValue(station, out var before) && before.Reason == reason;
        var pause = Add(station, failing, isOut: true, reason);
        return isKnown ? null : pause;
    }

    /// <summary>It works.</summary>
    public void Works(string station) => _pauses.Remove(station);

    /// <summary>Forgets stations that are gone.</summary>
    public void Keep(IReadOnlySet<string> present)
    {
        foreach (var gone in _pauses.Keys.Where(station => !present.Contains(station)).ToList()) _pauses.Remove(gone);
    }

    private TimeSpan Add(string station, GrowingPause growing, bool isOut, string? reason)
    {
        var before = _pauses.GetValueOrDefault(station);
        var failures = before is not null && before.IsOut == isOut ? before.Failures + 1 : 1;
        var length = growing.After(failures) * (0.5 + Random.Shared.NextDouble());
        _pauses[station] = new Pause(failures, time.GetTimestamp(), length, isOut, isOut ? reason : before?.Reason);
        return length;
    }

    private bool HasPassed(Pause pause) => time.GetElapsedTime(pause.Since) >= pause.Length;

    private sealed record Pause(int Failures, long Since, TimeSpan Length, bool IsOut, string? Reason);
}
