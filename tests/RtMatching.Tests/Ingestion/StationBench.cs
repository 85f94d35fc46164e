using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Ingestion;

/// <summary>A cluster without processes: stations in memory, each with a model of its own, on one real database.</summary>
internal sealed class StationBench : IStations, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Member> _members = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Member> _all = [];

    private StationBench(IngestionBench bench) => Bench = bench;

    public static IngestionOptions Quick { get; } = new()
    {
        Poll = TimeSpan.FromMilliseconds(20), Backoff = TimeSpan.FromMilliseconds(1), MaxAttempts = 5, ParseParallelism = 2,
    };

    public IngestionBench Bench { get; }
    public ConcurrentQueue<IngestionTrouble> Troubles { get; } = [];
    public ConcurrentQueue<(string Station, ItemBatch Batch)> Calls { get; } = [];

    /// <summary>Answers instead of the station where it gives something; it may throw as a lost station does, and have the station work too.</summary>
    public Func<Member, ItemBatch, Task<BatchAnswer>?>? Answering { get; set; }

    /// <summary>Texts that went through any of the models.</summary>
    public int Embeds => _all.Sum(member => member.Decoder.Batches.Sum(batch => batch.Length));

    public static async Task<StationBench> CreateAsync(IngestionOptions? options = null) =>
        new(await IngestionBench.CreateAsync(options ?? Quick));

    public Member Add(string name, int window = 2, int size = 8, int capacity = 4, bool parses = true, bool embeds = true,
        Func<string?, LanguageModel>? load = null, Action<int>? prefilling = null)
    {
        Member? member = null;
        var decoder = new ScriptedDecoder(window: 512) { Prefilling = number => member?.Prefilling?.Invoke(number) };
        var model = new LanguageModel("scripted", "00", new ByteTokenizer(suffix: [0]), decoder);
        var settings = new EngineSettings { FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(50) };
        var engines = new Engines(load ?? (_ => model), NullLogger.Instance, settings);
        var station = new IngestionStation(Bench.Test.Database, Bench.Options, engines, Troubles.Enqueue, capacity) { Parse = Bench.ParseAsync };
        member = new Member(new Station(name, window, size), station, engines, decoder, parses, embeds) { Prefilling = prefilling };
        _all.Add(member);
        member.Keeper = station.RunAsync(_stop.Token);
        return _members[name] = member;
    }

    /// <summary>It is not seen any more; what it does goes on.</summary>
    public void Remove(string name) => _members.TryRemove(name, out _);

    public IReadOnlyList<Station> At(ItemStage stage) =>
        [.. _members.Values.Where(member => stage == ItemStage.Queued ? member.Parses : member.Embeds).Select(member => member.Seen)];

    public async Task<BatchAnswer> WorkAsync(Station station, ItemBatch batch, CancellationToken cancellation)
    {
        Calls.Enqueue((station.Name, batch));
        if (!_members.TryGetValue(station.Name, out var member)) throw new StationLostException($"{station.Name} is gone.");
        return await (Answering?.Invoke(member, batch) ?? member.Station.WorkAsync(batch)).WaitAsync(cancellation);
    }

    public IngestionDispatch Dispatch() => new(Bench.Test.Database, Bench.Options, this, Troubles.Enqueue)
    {
        Busy = new GrowingPause(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(10)),
        Failing = new GrowingPause(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50)),
    };

    public Task<long> StartAsync(int documents, string tenant = "default") =>
        Bench.Service().StartAsync(new IngestionRequest { Tenant = tenant }, Made(documents));

    public static async IAsyncEnumerable<SourceItem> Made(int count)
    {
        await Task.Yield();
        for (var i = 0; i < count; i++)
            yield return new SourceItem($"cv {i}", "made", $"cv {i}", Encoding.UTF8.GetBytes($"worked as number {i}"));
    }

    /// <summary>Every document has one text, one vector and one ended item, and nothing is leased.</summary>
    public async Task AssertCompleteAsync(int documents)
    {
        Assert.Equal(documents, await Bench.CountAsync("select count(*) from items where stage = 'embedded' and lease_token is null"));
        Assert.Equal(documents, await Bench.CountAsync("select count(*) from items"));
        Assert.Equal(documents, await Bench.CountAsync("select count(*) from texts where outcome = 'ok'"));
        Assert.Equal(documents, await Bench.CountAsync("select count(*) from vectors_1"));
        Assert.Equal(documents, await Bench.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(1, await Bench.CountAsync("select count(*) from ingestions where state = 'done'"));
    }

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds()) await Task.Delay(5, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _all) await member.Station.DisposeAsync();
        await _stop.CancelAsync();
        foreach (var member in _all)
        {
            await member.Keeper;
            await member.Engines.DisposeAsync();
        }

        _stop.Dispose();
        await Bench.DisposeAsync();
    }

    internal sealed record Member(Station Seen, IngestionStation Station, Engines Engines, ScriptedDecoder Decoder, bool Parses, bool Embeds)
    {
        public Action<int>? Prefilling { get; set; }
        public Task Keeper { get; set; } = Task.CompletedTask;
    }
}
