namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>Something that batches queue for; all of it but the engines is shared by the whole cluster.</summary>
/// <param name="Servers">Work done at once.</param>
/// <param name="DemandMs">Of one batch on its way, in milliseconds of one server.</param>
/// <param name="BesideMs">Of what else comes with each CV (handing in, parsing, claiming), in milliseconds of one server.</param>
/// <param name="AlwaysMs">Of what is done whether work comes or not (renewals, looks, membership), per millisecond.</param>
internal sealed record Resource(string Name, int Servers, double DemandMs, double BesideMs = 0, double AlwaysMs = 0)
{
    /// <summary>CVs per millisecond at which it does nothing but work.</summary>
    public double Capacity(int batch) => Math.Max(0, Servers - AlwaysMs) / (DemandMs / batch + BesideMs);

    /// <summary>The share of its servers that work, at <paramref name="cvsPerMs"/>.</summary>
    public double Utilisation(double cvsPerMs, int batch) => (cvsPerMs * (DemandMs / batch + BesideMs) + AlwaysMs) / Servers;

    /// <summary>The share of its servers that work for others than batches on their way.</summary>
    public double Beside(double cvsPerMs) => (cvsPerMs * BesideMs + AlwaysMs) / Servers;
}

/// <summary>What <paramref name="Silos"/> engine silos ask of each resource; times in milliseconds.</summary>
internal sealed record ClusterLoad(ClusterParameters Parameters, int Silos)
{
    /// <summary>Batches that one silo may have in flight, of all ingestions.</summary>
    public int BatchesPerSilo => Parameters.Window * Parameters.Ingestions;

    /// <summary>Items that an ingestion claims at once: as many as its silos have room for, up to a limit.</summary>
    public double Chunk => Math.Min(Parameters.Chunk, (double)Silos * Parameters.Window * Parameters.Batch);

    /// <summary>
    /// Items leased at a stage when a chunk is claimed: those in flight and, at each ingestion, a chunk that waits. A claim passes over
    /// them all, because its index holds items until they have ended.
    /// </summary>
    public double Leased => (double)Silos * BatchesPerSilo * Parameters.Batch + Parameters.Ingestions * Chunk;

    /// <summary>Work of the database for one claim of a chunk.</summary>
    public double ClaimMs => Chunk * Parameters.ClaimMsPerItem + Leased * Parameters.ClaimMsPerPassed;

    /// <summary>Stages whose items are claimed while engines embed.</summary>
    private double Stages => 1 + Parameters.Overlap;

    /// <summary>Where engines are slow; batches that end sooner are never renewed.</summary>
    public double RenewalsPerSecond => Leased / Parameters.RenewSeconds;

    /// <summary>Signs of life; a silo that comes or goes adds three writes, each conditional on the table's version.</summary>
    public double MembershipWritesPerSecond => Silos / Parameters.AliveSeconds;

    /// <summary>Every silo reads every row.</summary>
    public double MembershipRowsReadPerSecond => (double)Silos * Silos / Parameters.RefreshSeconds;

    /// <summary>Every report is answered with all silos.</summary>
    public double DirectoryEntriesPerSecond => (double)Silos * Silos / Parameters.DirectorySeconds;

    public double ProbesPerSecond => Silos * Math.Min(Parameters.ProbedSilos, Silos - 1) / Parameters.ProbeSeconds;

    public double BytesPerMs => Parameters.LogMegabytes * 1000;

    /// <summary>Of a batch where nothing is shared.</summary>
    public Resource Engine => new("engine", 1, Parameters.Batch * Parameters.EngineMsPerCv);

    /// <summary>A dispatch looks the more seldom the longer it takes: a twentieth of the time at most.</summary>
    private double LookMsPerSecond => Math.Min(Parameters.LookMs / Parameters.LookSeconds, 1000.0 / 20);

    /// <summary>Work of the database to store a vector and end its item.</summary>
    public double StoreMsPerCv => Parameters.CommitMsPerCv + Parameters.Indexed * Parameters.IndexMsPerCv;

    public Resource Database => new("database's processors", Parameters.DbCores, Parameters.Batch * (Parameters.ReadMsPerCv + StoreMsPerCv),
        Parameters.Overlap * (Parameters.SubmitMsPerCv + Parameters.ParseMsPerCv) + Stages * ClaimMs / Chunk,
        (RenewalsPerSecond * Parameters.RenewMsPerItem + Parameters.Ingestions * LookMsPerSecond
            + (MembershipWritesPerSecond + MembershipRowsReadPerSecond) * Parameters.MembershipMsPerRow) / 1000);

    public Resource Log => new("log's disk", 1,
        Parameters.Batch * Parameters.LogBytesEmbed / BytesPerMs, Parameters.Overlap * Parameters.LogBytesBefore / BytesPerMs);

    /// <summary>One claim at a time for each ingestion and stage.</summary>
    public Resource Claimer => new("claims", Parameters.Ingestions,
        (ClaimMs + Parameters.FlushMs) * Parameters.Batch / Chunk);

    /// <summary>A grain does one thing at a time.</summary>
    public Resource Dispatcher => new("ingestion's grain", Parameters.Ingestions, Parameters.DispatchMs);

    public IReadOnlyList<Resource> Shared => [Database, Log, Claimer, Dispatcher];

    /// <summary>What a batch waits for that others do not make longer: the path, and a commit that waits for the disk.</summary>
    public double DelayMs => Parameters.PathMs + Parameters.FlushMs;

    /// <summary>
    /// CVs per second that no arrangement of the same load can pass: the tightest resource, or the batches in flight (Denning and Buzen
    /// 1978, Computing Surveys 10:225).
    /// </summary>
    public (string Name, double CvsPerSecond) Bound()
    {
        var batch = Parameters.Batch;
        var alone = DelayMs + Engine.DemandMs + Shared.Sum(resource => resource.DemandMs);
        return Shared.Select(resource => (resource.Name, resource.Capacity(batch)))
            .Append(("engine", Silos * Engine.Capacity(batch)))
            .Append(("batches in flight", Silos * BatchesPerSilo * batch / alone))
            .Select(bound => (bound.Item1, bound.Item2 * 1000))
            .MinBy(bound => bound.Item2);
    }

    /// <summary>The resource that works the largest share of its time.</summary>
    public (string Name, double Utilisation) Busiest(double cvsPerSecond) =>
        Shared.Select(resource => (resource.Name, resource.Utilisation(cvsPerSecond / 1000, Parameters.Batch)))
            .Append(("engine", EngineUtilisation(cvsPerSecond)))
            .MaxBy(resource => resource.Item2);

    public double EngineUtilisation(double cvsPerSecond) => cvsPerSecond / 1000 * Parameters.EngineMsPerCv / Silos;

    public double DatabaseUtilisation(double cvsPerSecond) => Database.Utilisation(cvsPerSecond / 1000, Parameters.Batch);
}
