using RtMatching.Core.Documents;
using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Orleans.Tests.Measurements;
using RtMatching.Orleans.Tests.Synthetic;
using RtMatching.Silo;

// The tests' own program: what they start, and what measures a cluster. A silo parses with copies of the program that it is.
return args switch
{
    ["parse-worker"] => await ParseWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput()),
    ["silo", ..] => await SiloCommand.RunAsync(args[1..], WaitingModel.IsAskedFor ? WaitingModel.Load : null, Ticking.Configure),
    ["trials", ..] => await Trials.RunAsync(args[1..]),
    ["scaling", ..] => await Scaling.RunAsync(args[1..]),
    ["overhead", ..] => await Overhead.RunAsync(args[1..]),
    ["loop"] => await Overhead.LoopAsync(),
    ["path"] => await GrainPath.RunAsync(),
    ["demands", ..] => await DatabaseDemands.RunAsync(args[1..]),
    ["model", ..] => await ClusterModel.RunAsync(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write one of:
          silo ARGS                          rtmatch-silo; with an engine that only waits where the environment says how long
          trials [N]                         silos killed in mid-ingestion, N times
          scaling [MICROSECONDS [REPEATS]]   throughput of 1, 2 and 4 silos
          overhead [REPEATS]                 a batch's time in the one-process loop and in a silo, with an engine that costs nothing
          path                               what the way through a grain adds to a batch
          demands                            what the database spends on each step
          model [--help]                     what limits a cluster of many silos
        """);
    return 2;
}
