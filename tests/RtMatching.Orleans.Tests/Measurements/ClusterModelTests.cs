namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>The model on paper against what is known exactly, against its bounds, and against the simulation.</summary>
public class ClusterModelTests
{
    /// <summary>Nothing but engines: everything else takes no time.</summary>
    private static readonly ClusterParameters Bare = new()
    {
        PathMs = 0, DispatchMs = 0, SubmitMsPerCv = 0, ParseMsPerCv = 0, ClaimMsPerItem = 0, ClaimMsPerPassed = 0, RenewMsPerItem = 0,
        ReadMsPerCv = 0, CommitMsPerCv = 0, FlushMs = 0, LogBytesBefore = 0, LogBytesEmbed = 0, LookMs = 0, MembershipMsPerRow = 0,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    public void Engines_that_wait_for_nothing_work_all_the_time(int silos)
    {
        Assert.Equal(1000 * silos, ClusterModel.Throughput(new ClusterLoad(Bare, silos)), 0.001 * silos);
    }

    [Fact]
    public void One_batch_in_flight_takes_the_sum_of_its_times()
    {
        var load = new ClusterLoad(Bare with { Window = 1, Batch = 10, PathMs = 30, FlushMs = 0, DbCores = 1, CommitMsPerCv = 2 }, 1);

        // 10 ms in the engine, 30 on the path, 20 in the database: 10 CVs every 60 ms.
        Assert.Equal(10 / 0.060, ClusterModel.Throughput(load), 0.01);
    }

    /// <summary>
    /// Two batches that circulate between two exponential servers of s and d milliseconds: of the three ways in which they can stand, the
    /// engine idles in one, whose weight is d² of s² + s d + d² (a birth-and-death process).
    /// </summary>
    [Theory]
    [InlineData(10, 10)]
    [InlineData(10, 3)]
    [InlineData(2, 9)]
    public void Two_batches_between_two_servers_are_as_the_birth_and_death_process_says(double engine, double database)
    {
        var load = new ClusterLoad(Bare with { Batch = 1, EngineMsPerCv = engine, DbCores = 1, CommitMsPerCv = database }, 1);

        var idle = database * database / (engine * engine + engine * database + database * database);
        Assert.Equal((1 - idle) / engine * 1000, ClusterModel.Throughput(load), 0.001);
    }

    [Theory]
    [InlineData(0.2, 1, 16)]
    [InlineData(1, 1, 16)]
    [InlineData(10, 0, 4)]
    [InlineData(1, 0.3, 64)]
    public void Throughput_never_falls_short_of_one_silo_or_passes_the_bound(double engineMs, double overlap, int cores)
    {
        var parameters = new ClusterParameters
        {
            EngineMsPerCv = engineMs, Overlap = overlap, DbCores = cores, ClaimMsPerPassed = 0, RenewMsPerItem = 0, MembershipMsPerRow = 0,
        };
        var before = 0.0;
        foreach (var silos in (int[])[1, 2, 5, 20, 100, 300])
        {
            var load = new ClusterLoad(parameters, silos);
            var throughput = ClusterModel.Throughput(load);
            Assert.InRange(throughput, before * (1 - 1e-6), load.Bound().CvsPerSecond * (1 + 1e-6));
            before = throughput;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(40)]
    public void The_model_and_the_simulation_agree(int silos)
    {
        var load = new ClusterLoad(new ClusterParameters { DbCores = 8 }, silos);

        var simulated = ClusterSimulation.Run(load, ServiceTimes.Exponential, batches: 4000);

        Assert.InRange(ClusterModel.Throughput(load) / simulated.CvsPerSecond, 0.94, 1.06);
        Assert.Equal(load.DatabaseUtilisation(simulated.CvsPerSecond), simulated.DatabaseUtilisation, 0.06);
        Assert.Equal(load.EngineUtilisation(simulated.CvsPerSecond), simulated.EngineUtilisation, 0.06);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var load = new ClusterLoad(new ClusterParameters(), 4);

        var (one, same, other) = (Run(1), Run(1), Run(2));

        Assert.Equal(one, same);
        Assert.NotEqual(one, other);

        SimulatedCluster Run(int seed) => ClusterSimulation.Run(load, ServiceTimes.AsMeasured, batches: 200, seed);
    }

    [Fact]
    public void Times_that_vary_less_lose_less()
    {
        var load = new ClusterLoad(new ClusterParameters(), 2);

        var (exponential, measured) = (Run(ServiceTimes.Exponential), Run(ServiceTimes.AsMeasured));

        Assert.True(measured.CvsPerSecond > exponential.CvsPerSecond);

        SimulatedCluster Run(ServiceTimes times) => ClusterSimulation.Run(load, times, batches: 2000);
    }

    [Fact]
    public void Options_replace_what_they_name()
    {
        var given = new ClusterParameters().With(["--engine-ms-per-cv", "0.5", "--db-cores", "64"]);

        Assert.Equal(new ClusterParameters { EngineMsPerCv = 0.5, DbCores = 64 }, given);
    }

    [Theory]
    [InlineData("--engines", "1", "--engines is no option")]
    [InlineData("--db-cores", "0", "a whole number from 1, not 0")]
    [InlineData("--path-ms", "-1", "a number from 0, not -1")]
    [InlineData("--path-ms", "soon", "a number from 0, not soon")]
    [InlineData("--path-ms", "Infinity", "a number from 0, not Infinity")]
    public void An_option_that_makes_no_sense_is_named(string option, string value, string message)
    {
        var refused = Assert.Throws<ArgumentException>(() => new ClusterParameters().With([option, value]));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_understood_ends_with_code_2()
    {
        Assert.Equal(2, await ClusterModel.RunAsync(["--nothing"]));
        Assert.Equal(2, await DatabaseDemands.RunAsync(["few"]));
    }
}
