using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// What the model of a cluster is told, each of it an option of the command line (<c>--engine-ms-per-cv 10</c>). The defaults were measured
/// by <c>demands</c> (see SCALE.md for the machine) unless their description says assumed; milliseconds of the database are of one of
/// its processors.
/// </summary>
internal sealed record ClusterParameters
{
    [Description("milliseconds of the engine per CV; assumed: a GPU that embeds 1,000 CVs/s")]
    public double EngineMsPerCv { get; init; } = 1;

    [Description("CVs of a batch")]
    public int Batch { get; init; } = 64;

    [Description("batches of one ingestion in flight at a silo: one runs, one is prepared")]
    public int Window { get; init; } = 2;

    [Description("items that an ingestion claims at once, at most; else a batch for each place at the silos")]
    public int Chunk { get; init; } = 32_768;

    [Description("ingestions that run side by side, each with a claimer and a dispatching grain of its own")]
    public int Ingestions { get; init; } = 1;

    [Description("milliseconds that the grain path adds to a batch: 0.2 measured by path, the rest assumed for a network")]
    public double PathMs { get; init; } = 1;

    [Description("milliseconds of the ingestion's grain, which does one thing at a time, per batch; assumed")]
    public double DispatchMs { get; init; } = 0.3;

    [Description("processors of the database; assumed")]
    public int DbCores { get; init; } = 16;

    [Description("milliseconds of the database to hand one CV in")]
    public double SubmitMsPerCv { get; init; } = 0.96;

    [Description("milliseconds of the database to store one parsed CV's text, with its part of the full-text index")]
    public double ParseMsPerCv { get; init; } = 1.34;

    [Description("milliseconds of the database to claim one item, in a chunk")]
    public double ClaimMsPerItem { get; init; } = 0.018;

    [Description("milliseconds of the database per item that is leased already and passed over by a claim")]
    public double ClaimMsPerPassed { get; init; } = 0.00013;

    [Description("milliseconds of the database to renew one item's lease")]
    public double RenewMsPerItem { get; init; } = 0.041;

    [Description("seconds after which a lease that still holds is renewed")]
    public double RenewSeconds { get; init; } = 10;

    [Description("milliseconds of the database to read the texts of a batch, per CV")]
    public double ReadMsPerCv { get; init; } = 0.16;

    [Description("milliseconds of the database to commit a batch's vectors, per CV, without an HNSW index")]
    public double CommitMsPerCv { get; init; } = 0.24;

    [Description("milliseconds of the database that an HNSW index adds to a vector's storing")]
    public double IndexMsPerCv { get; init; } = 5.7;

    [Description("the share of vectors that are stored with the HNSW index there; 0: it is built after the load")]
    public double Indexed { get; init; }

    [Description("milliseconds that a commit waits for the log to be on disk")]
    public double FlushMs { get; init; } = 0.30;

    [Description("bytes of write-ahead log to hand one CV in and store its text")]
    public double LogBytesBefore { get; init; } = 19_240;

    [Description("bytes of write-ahead log to embed one CV: claim, advance, vector, document")]
    public double LogBytesEmbed { get; init; } = 4_510;

    [Description("megabytes a second that the log's disk writes in order; assumed")]
    public double LogMegabytes { get; init; } = 1000;

    [Description("the share of handing in and parsing that happens while engines embed; 0: all was handed in and parsed before")]
    public double Overlap { get; init; } = 1;

    [Description("rows inserted or updated per CV from handing in to embedded, renewals left out")]
    public double RowsPerCv { get; init; } = 11;

    [Description("milliseconds of the database for one look at what an ingestion has to do")]
    public double LookMs { get; init; } = 0.69;

    [Description("seconds between two looks of an ingestion's dispatch that nobody woke")]
    public double LookSeconds { get; init; } = 0.25;

    [Description("milliseconds of the database per row of the membership table, read or written; assumed")]
    public double MembershipMsPerRow { get; init; } = 0.05;

    [Description("seconds between two signs of life in the membership table (IAmAliveTablePublishTimeout)")]
    public double AliveSeconds { get; init; } = 5;

    [Description("seconds between two reads of the whole membership table by a silo (TableRefreshTimeout)")]
    public double RefreshSeconds { get; init; } = 10;

    [Description("silos that each silo probes (NumProbedSilos), every --probe-seconds")]
    public int ProbedSilos { get; init; } = 10;

    [Description("seconds between two probes of a silo by another (ProbeTimeout)")]
    public double ProbeSeconds { get; init; } = 3;

    [Description("seconds between two reports of a silo to the directory, each answered with all of it")]
    public double DirectorySeconds { get; init; } = 2;

    [Description("connections to the database of one silo, at most: its pool of 24, and 8 for membership and reminders")]
    public int Pool { get; init; } = 32;

    [Description("connections that the database takes (max_connections)")]
    public int MaxConnections { get; init; } = 100;

    [Description("bytes of all indexes of items, per item")]
    public double IndexBytesPerItem { get; init; } = 214;

    [Description("bytes of the table of items, per item")]
    public double TableBytesPerItem { get; init; } = 175;

    [Description("bytes of the vectors' table with its primary key, per vector")]
    public double VectorBytes { get; init; } = 2_842;

    [Description("bytes of the HNSW index, per vector")]
    public double HnswBytes { get; init; } = 2_732;

    [Description("seconds of one processor to build the HNSW index, per 10,000 vectors")]
    public double HnswSecondsPerTenThousand { get; init; } = 10.2;

    [Description("CVs to be ingested")]
    public double Cvs { get; init; } = 1e7;

    [Description("coefficient of variation of a batch's time in the engine, in the simulation that is like the measurements")]
    public double EngineVariation { get; init; } = 0.1;

    [Description("coefficient of variation of the database's times, in the same")]
    public double DbVariation { get; init; } = 0.5;

    /// <summary>The options that are given, over these values.</summary>
    /// <exception cref="ArgumentException">An unknown option or a value that is not a number in its range.</exception>
    public ClusterParameters With(IReadOnlyList<string> options)
    {
        var given = this with { };
        if (options.Count % 2 != 0) throw new ArgumentException($"{options[^1]} lacks its value.");
        for (var i = 0; i < options.Count; i += 2) given.Set(options[i], options[i + 1]);
        return given;
    }

    private void Set(string option, string text)
    {
        var property = Options().FirstOrDefault(known => known.Option == option).Property
            ?? throw new ArgumentException($"{option} is no option of the model; `model --help` lists them.");
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value) || value < 0)
            throw new ArgumentException($"{option} takes a number from 0, not {text}.");
        var isWhole = property.PropertyType == typeof(int);
        if (isWhole && value is < 1 or > int.MaxValue) throw new ArgumentException($"{option} takes a whole number from 1, not {text}.");
        property.SetValue(this, isWhole ? (object)(int)value : value);
    }

    /// <summary>Every option with its value and what it means.</summary>
    public IEnumerable<string> Describe() => Options().Select(known => string.Create(CultureInfo.InvariantCulture,
        $"  {known.Option,-31} {known.Property.GetValue(this),-9} {Meaning(known.Property)}"));

    private static string Meaning(PropertyInfo property) => property.GetCustomAttribute<DescriptionAttribute>()!.Description;

    private static IEnumerable<(string Option, PropertyInfo Property)> Options() =>
        typeof(ClusterParameters).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite).Select(property => (OptionOf(property.Name), property));

    /// <summary>EngineMsPerCv becomes --engine-ms-per-cv.</summary>
    internal static string OptionOf(string name) => "--" + string.Concat(name.Select((letter, at) =>
        char.IsUpper(letter) && at > 0 ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
}
