using System.Globalization;
using RtMatching.Orleans.Tests.Cluster;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// <c>scaling [MICROSECONDS] [REPEATS]</c>: throughput of 1, 2 and 4 silo processes, each with as many CVs to embed, by engines that wait so long for a token.
/// Only embedding is measured: everything is parsed before, and nothing may begin until every silo is there.
/// </summary>
internal static class Scaling
{
    private const int CvsPerSilo = 1000;
    private static readonly int[] Sizes = [1, 2, 4];

    public static async Task<int> RunAsync(string[] args)
    {
        var pace = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 200;
        var repeats = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        var rates = Sizes.ToDictionary(size => size, _ => new List<double>());
        for (var repeat = 0; repeat < repeats; repeat++)
            foreach (var size in Sizes)
            {
                rates[size].Add(await MeasureAsync(size, pace));
                Console.WriteLine($"{size} silos: {rates[size][^1]:0.0} CVs/s");
            }

        var one = Trials.Median(rates[1]);
        Console.WriteLine($"{pace} microseconds a token, {CvsPerSilo} CVs for each silo, median of {repeats}:");
        foreach (var size in Sizes) Console.WriteLine($"  {size} silos  {Trials.Median(rates[size]),7:0.0} CVs/s  {Trials.Median(rates[size]) / (size * one):0.00} of linear");
        return 0;
    }

    /// <summary>CVs a second.</summary>
    private static async Task<double> MeasureAsync(int silos, double pace)
    {
        await using var cluster = await TestCluster.CreateAsync(pace);
        var cvs = silos * CvsPerSilo;
        await ParseAsync(cluster, cvs);
        await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => cluster.StartAsync(work: "embed")));
        await ReleaseAsync(cluster);
        var began = await cluster.Database.NowAsync();
        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(cvs);
        return cvs / (await cluster.Database.LastEndAsync() - began).TotalSeconds;
    }

    /// <summary>Every CV parsed, and none to be embedded before it is said.</summary>
    public static async Task ParseAsync(TestCluster cluster, int cvs)
    {
        var parser = await cluster.StartAsync("none", "parse");
        await cluster.IngestAsync(cvs);
        await cluster.UntilAsync("select count(*) from items where stage = 'parsed'", cvs);
        await cluster.Database.ExecuteAsync("update items set not_before = now() + interval '1 hour'");
        parser.Terminate();
        Assert.Equal(0, await parser.EndAsync());
    }

    /// <summary>Lets what was held back be embedded, once whoever will work has settled: silos know each other by then.</summary>
    public static async Task ReleaseAsync(TestCluster cluster)
    {
        await Task.Delay(TimeSpan.FromSeconds(5));
        await cluster.Database.ExecuteAsync("update items set not_before = now()");
    }
}
