// Each test is several processes, and some restart the server that they share.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
