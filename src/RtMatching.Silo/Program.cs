using RtMatching.Core.Documents;
using RtMatching.Silo;

// Before anything else: a worker's standard output belongs to its parent.
if (args is ["parse-worker"]) return await ParseWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput());

return await SiloCommand.RunAsync(args);
