using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Tests.Synthetic;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>Silos as processes of their own on one database, with engines that wait instead of computing.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly double _microsecondsPerToken;
    private readonly string _failure = Path.Combine(Path.GetTempPath(), $"rtmatch-device-{Guid.NewGuid():N}");
    private readonly List<(SiloProcess Silo, bool HasEngine)> _started = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private TestCluster(ClusterDatabase database, double microsecondsPerToken) => (Database, _microsecondsPerToken) = (database, microsecondsPerToken);

    public ClusterDatabase Database { get; }

    /// <summary>Those that run.</summary>
    public IReadOnlyList<SiloProcess> Silos => [.. Running.Select(started => started.Silo)];

    /// <summary>Those that run and have an engine.</summary>
    public IReadOnlyList<SiloProcess> Engines => [.. Running.Where(started => started.HasEngine).Select(started => started.Silo)];

    private IEnumerable<(SiloProcess Silo, bool HasEngine)> Running
    {
        get { lock (_started) return [.. _started.Where(started => !started.Silo.HasEnded)]; }
    }

    /// <param name="microsecondsPerToken">What an engine waits.</param>
    public static async Task<TestCluster> CreateAsync(double microsecondsPerToken = 20)
    {
        var database = await ClusterDatabase.CreateAsync();
        await new ProfileStore(database.Database).SaveAsync(WaitingModel.Profile);
        await database.LogEndsAsync();
        return new TestCluster(database, microsecondsPerToken);
    }

    /// <summary>Three silos, the last two with an engine, side by side.</summary>
    public static async Task<TestCluster> OfThreeAsync(double microsecondsPerToken = 20)
    {
        var cluster = await CreateAsync(microsecondsPerToken);
        await Task.WhenAll(cluster.StartAsync("none", "parse"), cluster.StartAsync(), cluster.StartAsync());
        return cluster;
    }

    public async Task<SiloProcess> StartAsync(string engine = "cpu", string work = "parse,embed", string? weights = null)
    {
        var environment = new Dictionary<string, string>
        {
            [WaitingModel.PaceVariable] = _microsecondsPerToken.ToString(CultureInfo.InvariantCulture),
            [WaitingModel.FailureVariable] = _failure,
            [WaitingModel.WeightsVariable] = weights ?? "",
        };
        var silo = await SiloProcess.StartAsync(Database.ConnectionString, environment, "--engine", engine, "--work", work);
        lock (_started) _started.Add((silo, engine != "none"));
        return silo;
    }

    /// <summary>Every engine's device goes or comes back.</summary>
    public void SetDevices(bool gone)
    {
        if (gone) File.WriteAllText(_failure, "");
        else File.Delete(_failure);
    }

    /// <summary>Hands CVs in over HTTP; the ingestion's id.</summary>
    public Task<long> IngestAsync(int count, int words = 40, string? key = null, SiloProcess? at = null) =>
        SubmitAsync("/v1/ingestions?kind=cv", Enumerable.Range(0, count).Select(i => ($"cv {i}", MadeUpCvs.Text(i, words))), key, at);

    /// <summary>Hands jobs in to be ranked together; the bulk ranking's id.</summary>
    public Task<long> RankManyAsync(int jobs) =>
        SubmitAsync("/v1/rankings/bulk?top=3", Enumerable.Range(0, jobs).Select(i => ($"job {i}", MadeUpCvs.Text(100_000 + i, 20))));

    /// <summary>As clients do, asks again where the same key is being handed in elsewhere.</summary>
    private async Task<long> SubmitAsync(string path, IEnumerable<(string Id, string Text)> documents, string? key = null, SiloProcess? at = null)
    {
        var lines = string.Concat(documents.Select(document => JsonSerializer.Serialize(new { id = document.Id, text = document.Text }) + "\n"));
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri((at ?? Silos[0]).Address), path))
            {
                Content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson"),
            };
            if (key is not null) request.Headers.Add("Idempotency-Key", key);
            using var response = await _http.SendAsync(request);
            var answer = await response.Content.ReadAsStringAsync();
            if (key is null || response.StatusCode != HttpStatusCode.Conflict)
            {
                Assert.True(response.IsSuccessStatusCode, answer);
                return JsonDocument.Parse(answer).RootElement.GetProperty("id").GetInt64();
            }

            await Task.Delay(200);
        }
    }

    public async Task<JsonElement> GetAsync(string path, SiloProcess? at = null) =>
        await _http.GetFromJsonAsync<JsonElement>(new Uri(new Uri((at ?? Silos[0]).Address), path));

    /// <summary>A ranking for a job; null where the silo did not answer with one.</summary>
    public async Task<JsonElement?> RankAsync(SiloProcess at, string text)
    {
        try
        {
            using var response = await _http.PostAsJsonAsync(new Uri(new Uri(at.Address), "/v1/rankings/candidates"), new { text, top = 5 });
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The running silo on which a grain of this kind is; null where there is none.</summary>
    public async Task<SiloProcess?> SiloOfAsync(string grain)
    {
        var silos = (await GetAsync("/v1/silos")).GetProperty("items").EnumerateArray();
        var name = silos.Where(silo => silo.GetProperty("grains").TryGetProperty(grain, out var count) && count.GetInt32() > 0)
            .Select(silo => silo.GetProperty("name").GetString()).FirstOrDefault();
        return Silos.FirstOrDefault(silo => silo.Name == name);
    }

    /// <summary>Until SQL that gives a number gives at least so much.</summary>
    public async Task UntilAsync(string sql, long atLeast)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await Database.CountAsync(sql) < atLeast)
        {
            if (patience.IsCancellationRequested) Assert.Fail($"After {Patience} '{sql}' is {await Database.CountAsync(sql)}, not {atLeast}.\n{Output()}");
            await Task.Delay(50);
        }
    }

    public Task UntilEmbeddedAsync(int items) => UntilAsync("select count(*) from items where stage = 'embedded'", items);

    public Task UntilDoneAsync() => UntilAsync("select count(*) from ingestions where state = 'done'", 1);

    /// <summary>Until the cluster tells a problem of the silo.</summary>
    public Task UntilProblemAsync(SiloProcess silo) =>
        UntilSiloAsync(silo, status => status.TryGetProperty("problem", out var problem) && problem.ValueKind == JsonValueKind.String);

    /// <summary>Until nothing is in flight there.</summary>
    public Task UntilIdleAsync(SiloProcess silo) => UntilSiloAsync(silo, status => status.GetProperty("batches").GetInt32() == 0);

    private async Task UntilSiloAsync(SiloProcess silo, Func<JsonElement, bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds(await SiloAsync(silo)))
        {
            if (patience.IsCancellationRequested) Assert.Fail($"{silo.Name} is still {await SiloAsync(silo)}.\n{Output()}");
            await Task.Delay(200);
        }
    }

    /// <summary>As the status shows it.</summary>
    private async Task<JsonElement> SiloAsync(SiloProcess silo) =>
        (await GetAsync("/v1/silos")).GetProperty("items").EnumerateArray().Single(status => status.GetProperty("name").GetString() == silo.Name);

    /// <summary>Texts that its engine has embedded.</summary>
    public async Task<long> TextsAsync(SiloProcess silo) => (await GetAsync("/v1/status")).GetProperty("engines").EnumerateArray()
        .Where(engine => engine.GetProperty("name").GetString()!.StartsWith(silo.Name, StringComparison.Ordinal)).Sum(engine => engine.GetProperty("texts").GetInt64());

    public async Task DrainAsync(SiloProcess silo)
    {
        using var response = await _http.PostAsync(new Uri(new Uri(Silos[0].Address), $"/v1/silos/{silo.Name}/drain"), null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What the silos said, for a failed test's message.</summary>
    private string Output()
    {
        lock (_started) return string.Join('\n', _started.Select(started => $"--- {started.Silo.Name}{(started.Silo.HasEnded ? " (ended)" : "")}\n{started.Silo.Output}"));
    }

    public async ValueTask DisposeAsync()
    {
        SetDevices(gone: false);
        await Task.WhenAll(_started.Select(started => started.Silo.DisposeAsync().AsTask()));
        _http.Dispose();
        await Database.DisposeAsync();
    }
}
