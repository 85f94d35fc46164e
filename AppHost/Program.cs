using RtMatching.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var size = TopologySize.Read(builder.Configuration);
builder.AddDockerComposeEnvironment("compose");

// PostgreSQL with pgvector, or ConnectionStrings:rtmatch: documents, vectors, the queue, and where the silos find each other.
var database = builder.AddRtMatchingDatabase(size.Connections);
var cluster = builder.AddOrleans("cluster").WithClusterId("rtmatch").WithServiceId("rtmatch")
    .WithClustering(new OrleansOnPostgres(database))
    .WithReminders(new OrleansOnPostgres(database));

// The server answers requests and parses; the other silos embed, on processors and on GPUs.
var key = builder.AddApiKey();
var silos = new SiloSetup(builder, cluster, database, key);
var server = silos.AddServer("server", size.ServerPort);
silos.AddEngines("cpu-silo", SiloEngine.Cpu, size.CpuSilos);
silos.AddEngines("gpu-silo", SiloEngine.Gpu, size.GpuSilos);

// What the dashboard can do besides showing.
new ServerCommands(builder, server, key).UseModel().IngestSamples().RetryFailed().Drain(silos.Engines);

builder.Build().Run();
