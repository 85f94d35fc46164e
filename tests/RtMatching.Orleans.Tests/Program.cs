using RtMatching.Core.Documents;
using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Silo;

// The tests' own program. A silo parses with copies of the program that it is.
if (args is ["parse-worker"]) return await ParseWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput());
if (args is ["silo", .. var arguments]) return await SiloCommand.RunAsync(arguments, configure: Ticking.Configure);

Console.Error.WriteLine("write: silo ARGUMENTS, as rtmatch-silo takes them");
return 2;
