using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.TestingHost;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Silo.Backend;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.InProcess;

/// <summary>Silos in the test's own process on a real database, with the built-in model: grains, placement and messages as they are, only nothing to kill.</summary>
internal sealed class InProcessSilos : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly InProcessTestCluster _cluster;

    private InProcessSilos(TestDatabase test, InProcessTestCluster cluster) => (Test, _cluster) = (test, cluster);

    public TestDatabase Test { get; }
    public Database Database => Test.Database;

    /// <summary>As the endpoints of the first silo use it.</summary>
    public GrainBackend Backend => BackendOf(0);

    public static IngestionOptions Options { get; } = new() { Poll = TimeSpan.FromMilliseconds(50), ParseParallelism = 2, EmbedBatch = 8 };

    /// <param name="works">One for each silo, in the order of their names: Silo_0, Silo_1, ...</param>
    public static async Task<InProcessSilos> StartAsync(params SiloWork[] works)
    {
        var test = await TestDatabase.CreateAsync();
        var builder = new InProcessTestClusterBuilder((short)works.Length);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((options, host) =>
        {
            host.Logging.AddConsole().SetMinimumLevel(LogLevel.Warning);
            host.Services.AddSingleton(_ => new ProfileStore(test.Database));
            host.Services.AddSingleton<GrainBackend>();
        });
        builder.ConfigureSilo((options, silo) =>
        {
            var work = works[int.Parse(options.SiloName.Split('_')[^1], System.Globalization.CultureInfo.InvariantCulture)] with { Name = options.SiloName };
            silo.UseInMemoryReminderService();
            silo.AddRtMatchingGrains(test.Database, work);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new InProcessSilos(test, cluster);
    }

    public static SiloWork Work(IngestionStages stages, string? engine) => new()
    {
        Name = "", Stages = stages, Engine = engine, Ingestion = Options, ShutdownTime = TimeSpan.FromSeconds(5),
    };

    public GrainBackend BackendOf(int silo) => Service<GrainBackend>(silo);

    public T Service<T>(int silo)
        where T : notnull => _cluster.Silos[silo].ServiceProvider.GetRequiredService<T>();

    public IGrainFactory Grains => _cluster.Client;

    public Task StopAsync(int silo) => _cluster.StopSiloAsync(_cluster.Silos[silo]);

    /// <summary>Hands in made-up CVs.</summary>
    public Task<long> SubmitAsync(int count, string prefix = "cv") => new IngestionIntake(Database, Options).StartAsync(
        new IngestionRequest(), Items(Enumerable.Range(0, count).Select(i => ($"{prefix}-{i}", Cv(i)))));

    public static string Cv(int i) => $"Person {i}\nEngineer number {i} at plant {i % 7}. Skills: {Skills[i % Skills.Length]}, {Skills[(i + 3) % Skills.Length]}.";

    private static readonly string[] Skills = ["forging", "welding", "accounting", "C#", "nursing", "PostgreSQL", "cooking", "driving", "teaching"];

    private static async IAsyncEnumerable<SourceItem> Items(IEnumerable<(string Id, string Text)> texts)
    {
        foreach (var (id, text) in texts) yield return new SourceItem(id, "test", id, Encoding.UTF8.GetBytes(text));
        await Task.CompletedTask;
    }

    public async Task<IngestionSummary> EndedAsync(long ingestion)
    {
        var records = new IngestionRecords(Database);
        IngestionSummary summary = await records.FindAsync(ingestion);
        await UntilAsync(async () => (summary = await records.FindAsync(ingestion)).State is IngestionState.Done or IngestionState.Failed,
            () => $"Ingestion {ingestion} is {summary.State} with {summary.Counts}.");
        return summary;
    }

    public static Task UntilAsync(Func<bool> holds, Func<string> otherwise) => UntilAsync(() => Task.FromResult(holds()), otherwise);

    public static async Task UntilAsync(Func<Task<bool>> holds, Func<string> otherwise)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            if (late.IsCancellationRequested) Assert.Fail(otherwise());
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        await Test.DisposeAsync();
    }
}
