namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// A closed queueing network of a cluster, in closed form. Each silo is a class of its own: its batches queue for its engine and, with
/// those of all others, for the database, the log, the claimer and the ingestion's grain. Within a class by exact mean value analysis
/// (Reiser and Lavenberg 1980, JACM 27:313); what it finds of the others as Bard's approximation says (1979): their mean queue.
/// A resource of m servers is one m times as fast and a delay of the rest (Seidmann, Schweitzer and Shalev-Oren 1987,
/// Large Scale Systems 12:91); work that comes with each CV but is waited for by no batch is an open class that slows the others down
/// (Lazowska, Zahorjan, Graham and Sevcik 1984, "Quantitative System Performance", chapter 7).
/// </summary>
internal static class ClusterModel
{
    private const double Precision = 1e-9;

    /// <summary>The tables for <paramref name="args"/> (see <c>--help</c>), to the standard output.</summary>
    /// <returns>0; 2 for options that make no sense.</returns>
    public static Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine("model [--OPTION VALUE]...: what holds a cluster back. Options, with their values unless given:");
            foreach (var line in new ClusterParameters().Describe()) Console.WriteLine(line);
            return Task.FromResult(0);
        }

        try
        {
            ClusterReport.Write(new ClusterParameters().With(args), Console.Out);
            return Task.FromResult(0);
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine(e.Message);
            return Task.FromResult(2);
        }
    }

    /// <summary>CVs per second in the steady state.</summary>
    public static double Throughput(ClusterLoad load)
    {
        // What comes beside grows with the throughput and takes from it: where the two meet is found by halving.
        var (low, high) = (0.0, load.Bound().CvsPerSecond / 1000);
        for (var i = 0; i < 200 && high - low > Precision * high; i++)
        {
            var cvsPerMs = (low + high) / 2;
            if (Closed(load, cvsPerMs) > cvsPerMs) low = cvsPerMs;
            else high = cvsPerMs;
        }

        return low * 1000;
    }

    /// <summary>CVs per millisecond that the batches in flight achieve beside the work that <paramref name="cvsPerMs"/> bring.</summary>
    private static double Closed(ClusterLoad load, double cvsPerMs)
    {
        var shared = load.Shared;
        var delay = load.DelayMs + shared.Sum(resource => resource.DemandMs * (resource.Servers - 1) / resource.Servers);
        double[] service = [load.Engine.DemandMs, .. shared.Select(resource =>
            resource.DemandMs / resource.Servers / Math.Max(Precision, 1 - resource.Beside(cvsPerMs)))];
        var others = new double[service.Length];
        while (true)
        {
            var (batchesPerMs, queues) = OneSilo(load.BatchesPerSilo, service, others, delay);
            var change = 0.0;
            for (var k = 1; k < service.Length; k++)        // the engine, at 0, is shared with nobody
            {
                var found = (load.Silos - 1) * queues[k];
                change = Math.Max(change, Math.Abs(found - others[k]) / (1 + found));
                others[k] = found;
            }

            if (change < Precision) return batchesPerMs * load.Silos * load.Parameters.Batch;
        }
    }

    /// <summary>Exact mean value analysis of one silo's batches, who find <paramref name="others"/> in each queue too.</summary>
    /// <returns>Batches per millisecond, and how many of this silo's stand at each resource.</returns>
    private static (double BatchesPerMs, double[] Queues) OneSilo(int batches, double[] service, double[] others, double delay)
    {
        var queues = new double[service.Length];
        var residence = new double[service.Length];
        var throughput = 0.0;
        for (var n = 1; n <= batches; n++)
        {
            for (var k = 0; k < service.Length; k++) residence[k] = service[k] * (1 + queues[k] + others[k]);
            throughput = n / (delay + residence.Sum());
            for (var k = 0; k < service.Length; k++) queues[k] = throughput * residence[k];
        }

        return (throughput, queues);
    }
}
