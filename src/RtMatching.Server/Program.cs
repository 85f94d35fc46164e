using RtMatching.Core.Documents;
using RtMatching.Server.Commands;

// Before anything else: a worker's standard output belongs to its parent.
if (args is ["parse-worker"]) return await ParseWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput());

return await ServerCommand.RunAsync(args);
