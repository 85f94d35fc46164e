using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Orleans.Tests.Synthetic;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// <c>overhead [REPEATS]</c>: the same parsed CVs embedded by the one-process loop and by a silo's grains, each in a process of its own, with an
/// engine that costs nothing: what is left is everything around it. A silo works on two batches side by side, the loop on one.
/// </summary>
internal static class Overhead
{
    private const int Cvs = 6000;

    public static async Task<int> RunAsync(string[] args)
    {
        var repeats = args is [var given, ..] ? int.Parse(given, CultureInfo.InvariantCulture) : 3;
        var (loop, grains) = (new List<double>(), new List<double>());
        for (var i = 0; i < repeats; i++)
        {
            loop.Add(await MeasureAsync(LoopAsync));
            grains.Add(await MeasureAsync(SiloAsync));
            Console.WriteLine($"one process {loop[^1]:0.00} ms a batch, grains {grains[^1]:0.00} ms");
        }

        var (a, b) = (Trials.Median(loop), Trials.Median(grains));
        Console.WriteLine($"median of {repeats}: one process {a:0.00} ms a batch of {Batch}, grains {b:0.00} ms: {b - a:+0.00;-0.00} ms a batch, {b / a:0.00}x");
        return 0;
    }

    private static int Batch => new IngestionOptions().EmbedBatch;

    /// <summary>Milliseconds for each batch of <see cref="Batch"/> items.</summary>
    private static async Task<double> MeasureAsync(Func<TestCluster, Task> work)
    {
        await using var cluster = await TestCluster.CreateAsync(microsecondsPerToken: 0);
        await Scaling.ParseAsync(cluster, Cvs);
        await work(cluster);
        await cluster.Database.AssertCompleteAsync(Cvs);
        return (await cluster.Database.TookAsync()).TotalMilliseconds * Batch / Cvs;
    }

    private static async Task SiloAsync(TestCluster cluster)
    {
        await cluster.StartAsync(work: "embed");
        await Scaling.ReleaseAsync(cluster);
        await cluster.UntilDoneAsync();
    }

    /// <summary>In a process of its own, as fresh as a silo's.</summary>
    private static async Task LoopAsync(TestCluster cluster)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "RtMatching.Orleans.Tests.dll"), "loop"]);
        (start.Environment[Database.Variable], start.Environment[WaitingModel.PaceVariable]) = (cluster.Database.ConnectionString, "0");
        using var loop = Process.Start(start)!;
        await Scaling.ReleaseAsync(cluster);
        await cluster.UntilDoneAsync();
        loop.Kill();
        await loop.WaitForExitAsync();
    }

    /// <summary><c>loop</c>: the one-process loop over what is to be embedded, until it is killed.</summary>
    public static async Task<int> LoopAsync()
    {
        await using var database = await Database.OpenAsync();
        await using var engines = new Engines(WaitingModel.Load, NullLogger<Engines>.Instance);
        var options = new IngestionOptions { Stages = IngestionStages.Embed };
        await using var loop = new IngestionLoop(database, options, engines, _ => { });
        await loop.RunAsync(CancellationToken.None);
        return 0;
    }
}
