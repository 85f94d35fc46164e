using RtMatching.Core.Ingestion;

namespace RtMatching.Tests.Ingestion;

/// <summary>One ingestion brought to its end by stations that come and go, have no room, fail, refuse, leave and die.</summary>
public class IngestionDispatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Stations_bring_an_ingestion_to_its_end(int stations)
    {
        await using var bench = await StationBench.CreateAsync();
        for (var i = 0; i < stations; i++) bench.Add($"silo{i}");
        var id = await bench.StartAsync(150);

        Assert.Equal(DispatchEnd.Ended, await RunAsync(bench.Dispatch(), id));

        await bench.AssertCompleteAsync(150);
        Assert.Equal((150, 150), (bench.Bench.Parses, bench.Embeds));
        Assert.Equal(stations, bench.Calls.Select(call => call.Station).Distinct().Count());
        Assert.Empty(bench.Troubles);
    }

    [Fact]
    public async Task Items_are_claimed_by_the_chunk_and_not_by_the_batch()
    {
        await using var bench = await StationBench.CreateAsync(StationBench.Quick with { Poll = TimeSpan.FromMinutes(1) });
        bench.Add("silo", window: 8, size: 2, capacity: 16);
        var id = await bench.StartAsync(160);
        var dispatch = bench.Dispatch();

        await RunAsync(dispatch, id);

        await bench.AssertCompleteAsync(160);
        Assert.InRange(bench.Calls.Count, 160, 240);            // 80 batches to parse, 80 to embed; those at the end may be smaller
        Assert.InRange(dispatch.State.Claims, 4, 60);           // of 16 batches at most, of 8 at least where so many wait
    }

    private static Task<DispatchEnd> RunAsync(IngestionDispatch dispatch, long id, CancellationToken stop = default) =>
        dispatch.RunAsync(id, stop).WaitAsync(Patience, CancellationToken.None);
}
