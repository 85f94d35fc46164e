using System.Diagnostics;
using RtMatching.Core.Ingestion;
using RtMatching.Orleans.Grains;
using RtMatching.Orleans.Tests.InProcess;
using RtMatching.Orleans.Tests.Synthetic;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// <c>path</c>: batches of 64 ids that hold nothing any more, sent to another silo's station through its grain and given to that station directly,
/// by turns: the difference is what the grain path itself adds to a batch.
/// </summary>
internal static class GrainPath
{
    private const int Rounds = 1000;
    private const int Warm = 200;

    public static async Task<int> RunAsync()
    {
        await using var silos = await InProcessSilos.StartAsync(
            InProcessSilos.Work(IngestionStages.Parse, null),
            InProcessSilos.Work(IngestionStages.Embed, "cpu") with { Load = WaitingModel.Load });
        var (through, station) = (silos.Service<ClusterStations>(0), silos.Service<SiloStation>(1));
        var there = new Station("Silo_1", 1, 64);
        await InProcessSilos.UntilAsync(() => through.At(ItemStage.Parsed).Count == 1, () => "The engine's silo is not known.");
        var (grains, direct) = (new List<double>(), new List<double>());
        for (var round = -Warm; round < Rounds; round++)
        {
            var grain = await TimedAsync(() => through.WorkAsync(there, Nothing(), CancellationToken.None));
            var own = await TimedAsync(() => station.WorkAsync(Nothing()));
            if (round < 0) continue;
            grains.Add(grain);
            direct.Add(own);
        }

        var (a, b) = (Trials.Median(direct), Trials.Median(grains));
        Console.WriteLine($"median of {Rounds}: station {a:0.000} ms, through its grain {b:0.000} ms: {b - a:+0.000} ms a batch");
        return 0;
    }

    /// <summary>A batch whose token holds nothing: the station asks the database, and that is all.</summary>
    private static ItemBatch Nothing() => new(Guid.NewGuid(), 1, 1, ItemStage.Parsed, [.. Enumerable.Range(1, 64).Select(id => (long)id)]);

    private static async Task<double> TimedAsync(Func<Task<BatchAnswer>> work)
    {
        var began = Stopwatch.GetTimestamp();
        var answer = await work();
        Assert.Equal(BatchEnd.Worked, answer.End);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
