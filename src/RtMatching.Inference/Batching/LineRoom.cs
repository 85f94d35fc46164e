namespace RtMatching.Inference.Batching;

/// <summary>
/// Room for what is sent to an engine at one priority: who finds none waits for it, in the order of coming. What is larger than all of it
/// is let in when nothing else is there.
/// </summary>
internal sealed class LineRoom(int texts, long characters)
{
    /// <summary>What stands in line for the devices when each has a batch: as much again, so that none waits for a sender.</summary>
    private const int Batches = 2;

    /// <summary>Short texts, such as a query or a line of a CV, so that the bound on texts is not met before the one on characters.</summary>
    private const int TokensPerText = 32;
    private const int CharactersPerToken = 5;

    private const int LeastTexts = 1024;
    private const int TextsInAll = 1 << 16;
    private const long LeastCharacters = 1L << 20;
    private const long CharactersInAll = 1L << 25;

    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _waiting = new();
    private int _texts;
    private long _characters;

    public static LineRoom ForInteractive(EngineSettings settings) => new(settings.InteractiveTexts, settings.InteractiveCharacters);

    /// <param name="tokens">In a batch of every device.</param>
    public static LineRoom ForBackground(EngineSettings settings, long tokens) => new(
        settings.BackgroundTexts ?? (int)Math.Clamp(Batches * tokens / TokensPerText, LeastTexts, TextsInAll),
        settings.BackgroundCharacters ?? Math.Clamp(Batches * tokens * CharactersPerToken, LeastCharacters, CharactersInAll));

    public int MostTexts => texts;
    public long MostCharacters => characters;

    /// <summary>Texts inside.</summary>
    public int Texts
    {
        get { lock (_lock) return _texts; }
    }

    /// <summary>Senders that wait for room.</summary>
    public int Waiting
    {
        get { lock (_lock) return _waiting.Count; }
    }

    /// <returns>To be disposed when its texts are done with.</returns>
    public async Task<IDisposable> TakeAsync(int texts, long characters, CancellationToken cancellation)
    {
        var place = new Place(this, texts, characters);
        lock (_lock)
        {
            _waiting.AddLast(place);
            LetIn();
        }

        try
        {
            await place.Given.Task.WaitAsync(cancellation);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private void LetIn()
    {
        while (_waiting.First?.Value is { } next && Fits(next))
        {
            _waiting.RemoveFirst();
            (_texts, _characters) = (_texts + next.Texts, _characters + next.Characters);
            next.Given.TrySetResult();
        }
    }

    private bool Fits(Place place) => _texts == 0 || (_texts + place.Texts <= texts && _characters + place.Characters <= characters);

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(place)) (_texts, _characters) = (_texts - place.Texts, _characters - place.Characters);
            LetIn();
        }
    }

    private sealed class Place(LineRoom room, int texts, long characters) : IDisposable
    {
        private int _left;

        public int Texts => texts;
        public long Characters => characters;
        public TaskCompletionSource Given { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) room.Leave(this);
        }
    }
}
