using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using RtMatching.Core.Storage;

namespace RtMatching.Silo.Clustering;

/// <summary>How this silo finds the others, and notices that one has died.</summary>
internal static class ClusterSetup
{
    /// <summary>Membership and reminders are a few small statements a second.</summary>
    private const int Connections = 8;

    /// <summary>The time between two of a silo's.</summary>
    public static readonly TimeSpan SignsOfLife = TimeSpan.FromSeconds(5);

    public static void UseCluster(this ISiloBuilder silo, SiloOptions options, string connectionString)
    {
        var (orleans, given) = (Named(connectionString), new OrleansSection(silo.Configuration));
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.Cluster, given.ServiceId ?? options.Cluster));
        silo.Configure<global::Orleans.Configuration.SiloOptions>(own => own.SiloName = options.Name);
        silo.Configure<EndpointOptions>(endpoint => Listen(endpoint, options));
        silo.Configure<ClusterMembershipOptions>(NoticeDeath);
        if (!given.HasClustering) silo.UseAdoNetClustering((AdoNetClusteringSiloOptions _) => { });
        if (!given.HasReminders) silo.UseAdoNetReminderService((AdoNetReminderTableOptions _) => { });
        if (!given.HasTracing) silo.AddActivityPropagation();       // twice, and each call would be two spans
        silo.Configure<AdoNetClusteringSiloOptions>(own => (own.Invariant, own.ConnectionString) = (OrleansSection.Invariant, orleans));
        silo.Configure<AdoNetReminderTableOptions>(own => (own.Invariant, own.ConnectionString) = (OrleansSection.Invariant, orleans));
    }

    private static string Named(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        SearchPath = ClusterTables.Schema, MaxPoolSize = Connections, ApplicationName = "rtmatch-silo",
    }.ConnectionString;

    private static void Listen(EndpointOptions endpoint, SiloOptions options)
    {
        (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (options.Address.Address, options.Address.Port, options.GatewayPort);
        endpoint.SiloListeningEndpoint = SiloAddresses.ListeningAt(options.Address);
        if (options.GatewayPort != 0)
            endpoint.GatewayListeningEndpoint = SiloAddresses.ListeningAt(new(options.Address.Address, options.GatewayPort));
    }

    /// <summary>
    /// Noticed within about ten seconds, and not of one that is only slow. A killed process's machine refuses the next probe at once, so the
    /// third miss comes 6 to 9 seconds after the death; a silo that lives has to be silent for as long, and two others must find so, one of
    /// them asked to look by the other. A machine that is gone without refusing takes up to 15 seconds, as each probe waits its time.
    /// </summary>
    private static void NoticeDeath(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(3);      // also the time between probes
        membership.NumMissedProbesLimit = 3;
        membership.NumVotesForDeathDeclaration = 2;             // one is enough where two silos are all
        membership.DeathVoteExpirationTimeout = TimeSpan.FromMinutes(1);

        // Changes are told from silo to silo; reading the table only makes up for what was not heard.
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);

        // Every silo writes one row this often; one that was silent three times over is looked at by all, and its vote is not waited for.
        membership.IAmAliveTablePublishTimeout = SignsOfLife;
        membership.NumMissedTableIAmAliveLimit = 3;
        membership.MaxJoinAttemptTime = TimeSpan.FromMinutes(1);    // then the process ends, and whoever watches it starts it again

        membership.DefunctSiloExpiration = TimeSpan.FromDays(1);
        membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
    }
}
