using System.Globalization;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>What the model and the simulation say, as tables that Markdown shows too.</summary>
internal static class ClusterReport
{
    private const int Hundred = 100;

    private static readonly int[] Silos = [1, 2, 4, 10, 30, 100, 300];

    /// <summary>Of a processor's, a small GPU's and a large GPU's engine, in milliseconds per CV.</summary>
    private static readonly double[] Engines = [100, 10, 1];

    /// <summary>What to change, each on top of those before.</summary>
    private static readonly (string Change, Func<ClusterParameters, ClusterParameters> Make)[] Changes =
    [
        ("a load into an HNSW index that is there", p => p with { Indexed = 1 }),
        ("the index built after the load", p => p with { Indexed = 0 }),
        ("synchronous_commit = off", p => p with { FlushMs = 0 }),
        ("64 processors for the database", p => p with { DbCores = 64 }),
        ("handed in and parsed before the engines are hired", p => p with { Overlap = 0 }),
        ("4 ingestions side by side", p => p with { Ingestions = 4 * p.Ingestions }),
        ("handed in and parsed meanwhile, but into 4 such databases, split by source", p => p with
        {
            Overlap = 1, DbCores = 4 * p.DbCores, LogMegabytes = 4 * p.LogMegabytes,
        }),
    ];

    public static void Write(ClusterParameters parameters, TextWriter output)
    {
        Throughputs(parameters, output);
        Rates(parameters, output);
        Sizes(parameters, output);
        Changed(parameters, output);
    }

    private static void Throughputs(ClusterParameters parameters, TextWriter output)
    {
        var engine = 1000 / parameters.EngineMsPerCv;
        output.WriteLine(Text($"Engines of {engine:n0} CVs/s, {parameters.Overlap:p0} of handing in and parsing beside:\n"));
        Row(output, "silos", "model CVs/s", "of linear", "engine busy", "database busy", "busiest", "simulated", "model is off",
            "with regular times", "model is off");
        Row(output, [.. Enumerable.Repeat("--:", 5), ":--", .. Enumerable.Repeat("--:", 4)]);
        foreach (var silos in Silos)
        {
            var load = new ClusterLoad(parameters, silos);
            var model = ClusterModel.Throughput(load);
            var (exponential, measured) = (Simulate(load, ServiceTimes.Exponential), Simulate(load, ServiceTimes.AsMeasured));
            Row(output, Text($"{silos}"), Text($"{model:n0}"), Text($"{load.EngineUtilisation(model):0.00}"),
                Text($"{load.EngineUtilisation(model):p0}"), Text($"{load.DatabaseUtilisation(model):p0}"), load.Busiest(model).Name,
                Simulated(exponential), Off(model, exponential), Simulated(measured), Off(model, measured));
        }

        output.WriteLine();
    }

    public static SimulatedCluster Simulate(ClusterLoad load, ServiceTimes times) =>
        ClusterSimulation.Run(load, times, Math.Max(5000, 60 * load.Silos));

    private static string Simulated(SimulatedCluster simulated) => Text($"{simulated.CvsPerSecond:n0} ± {simulated.Error:n0}");

    private static string Off(double model, SimulatedCluster simulated) =>
        Text($"{Math.Round((model / simulated.CvsPerSecond - 1) * 100, 1):+0.0;-0.0;0.0} %");

    private static void Rates(ClusterParameters parameters, TextWriter output)
    {
        output.WriteLine(Text($"What that asks for, {parameters.Cvs:n0} CVs:\n"));
        Row(output, "silos", "takes", "claims/s", "items leased/s", "items renewed/s", "rows written/s", "log MB/s", "membership writes/s",
            "membership rows read/s", "directory entries/s", "probes/s", "connections at most");
        Row(output, [.. Enumerable.Repeat("--:", 12)]);
        foreach (var silos in Silos) Rates(new ClusterLoad(parameters, silos), output);
        output.WriteLine();
    }

    private static void Rates(ClusterLoad load, TextWriter output)
    {
        var (parameters, rate) = (load.Parameters, ClusterModel.Throughput(load));
        var leased = rate * (1 + parameters.Overlap);
        Row(output, Text($"{load.Silos}"), Duration(parameters.Cvs / rate), Text($"{leased / load.Chunk:n1}"), Text($"{leased:n0}"),
            Text($"{load.RenewalsPerSecond:n0}"), Text($"{rate * parameters.RowsPerCv + load.RenewalsPerSecond:n0}"),
            Text($"{rate * (parameters.LogBytesEmbed + parameters.Overlap * parameters.LogBytesBefore) / 1e6:n1}"),
            Text($"{load.MembershipWritesPerSecond:n1}"), Text($"{load.MembershipRowsReadPerSecond:n1}"),
            Text($"{load.DirectoryEntriesPerSecond:n0}"), Text($"{load.ProbesPerSecond:n0}"),
            Text($"{load.Silos * parameters.Pool:n0} of {parameters.MaxConnections:n0}"));
    }

    private static void Sizes(ClusterParameters parameters, TextWriter output)
    {
        var build = Duration(parameters.Cvs / 1e4 * parameters.HnswSecondsPerTenThousand / Builders(parameters));
        output.WriteLine(Text($"""
            At rest, {parameters.Cvs:n0} CVs: items {Gigabytes(parameters.TableBytesPerItem)},
            their indexes {Gigabytes(parameters.IndexBytesPerItem)}, vectors {Gigabytes(parameters.VectorBytes)},
            their HNSW index {Gigabytes(parameters.HnswBytes)}, built in {build} at least by {Builders(parameters)} processors.

            """));

        string Gigabytes(double each) => Text($"{each * parameters.Cvs / 1e9:n1} GB");
    }

    /// <summary>Builders that VectorStore asks for: as many as there are, up to seven beside the one that leads.</summary>
    private static int Builders(ClusterParameters parameters) => Math.Clamp(parameters.DbCores, 1, 8);

    private static void Changed(ClusterParameters parameters, TextWriter output)
    {
        output.WriteLine(Text($"What changes gain at {Hundred} engine silos, one after the other:\n"));
        Row(output, ["change", .. Engines.SelectMany(each => new[] { Text($"{1000 / each:n0} CVs/s each"), "of linear", "busiest" })]);
        Row(output, [":--", .. Engines.SelectMany(_ => new[] { "--:", "--:", ":--" })]);
        for (var made = 0; made < Changes.Length; made++)
        {
            var cells = new List<string> { Changes[made].Change };
            foreach (var engine in Engines)
            {
                var start = parameters with { EngineMsPerCv = engine };
                var load = new ClusterLoad(Changes.Take(made + 1).Aggregate(start, (before, change) => change.Make(before)), Hundred);
                var rate = ClusterModel.Throughput(load);
                cells.AddRange([Text($"{rate:n0}"), Text($"{load.EngineUtilisation(rate):0.00}"), load.Busiest(rate).Name]);
            }

            Row(output, [.. cells]);
        }

        output.WriteLine();
    }

    private static void Row(TextWriter output, params string[] cells) => output.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => Text($"{seconds:0} s"),
        < 7200 => Text($"{seconds / 60:0} min"),
        < 48 * 3600 => Text($"{seconds / 3600:0.0} h"),
        _ => Text($"{seconds / 86400:0.0} d"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
