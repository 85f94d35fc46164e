using RtMatching.Orleans.Tests.Cluster;

namespace RtMatching.Orleans.Tests.Measurements;

/// <param name="Took">From the first CV embedded to the last.</param>
/// <param name="LongestPause">In which nothing was embedded, after the first kill.</param>
internal sealed record KillResult(TimeSpan Took, TimeSpan LongestPause, long Lost, long Double, string Killed);

/// <summary>
/// Three silos, two with an engine; in mid-ingestion an engine's silo and the silo of the ingestion's grain are killed without a word, each at
/// a random moment, and replaced a few seconds later, as an orchestrator does.
/// </summary>
internal static class KillTrial
{
    public const int Cvs = 2000;

    private static readonly TimeSpan Replacement = TimeSpan.FromSeconds(3);

    /// <param name="kill">False: nothing is killed, for comparison.</param>
    public static async Task<KillResult> RunAsync(int seed, bool kill = true, double microsecondsPerToken = 60)
    {
        var random = new Random(seed);
        await using var cluster = await TestCluster.OfThreeAsync(microsecondsPerToken);
        await cluster.IngestAsync(Cvs);
        var killed = new List<string>();
        var since = await cluster.Database.NowAsync();
        if (kill)
        {
            await cluster.UntilEmbeddedAsync(random.Next(Cvs / 20, Cvs / 2));
            since = await cluster.Database.NowAsync();
            var ofGrain = await cluster.SiloOfAsync("ingestion");
            var engines = cluster.Engines.Where(silo => silo != ofGrain).ToList();
            killed.Add($"engine at {await KillAsync(cluster, engines[random.Next(engines.Count)])}");
            await Task.Delay(random.Next(0, 3000));

            // Its grain may have moved meanwhile, but not because of the first kill: it was elsewhere.
            if ((ofGrain ?? await cluster.SiloOfAsync("ingestion")) is { HasEnded: false } grain) killed.Add($"grain at {await KillAsync(cluster, grain)}");
            await Task.Delay(Replacement);
            foreach (var _ in Enumerable.Range(cluster.Silos.Count, 3 - cluster.Silos.Count)) await cluster.StartAsync();
        }

        await cluster.UntilDoneAsync();
        var (lost, again) = await cluster.Database.LostAndDoubleAsync(Cvs);
        await cluster.Database.AssertCompleteAsync(Cvs);
        return new KillResult(await cluster.Database.TookAsync(), await cluster.Database.LongestPauseAsync(since), lost, again, string.Join(", ", killed));
    }

    private static async Task<string> KillAsync(TestCluster cluster, SiloProcess silo)
    {
        var embedded = await cluster.Database.CountAsync("select count(*) from items where stage = 'embedded'");
        await silo.KillAsync();
        return $"{embedded}";
    }
}
