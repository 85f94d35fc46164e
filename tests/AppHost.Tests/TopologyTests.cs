using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RtMatching.Tests.Telemetry;

namespace RtMatching.AppHost.Tests;

/// <summary>The topology itself: the samples go in by the dashboard's command, a ranking comes out, and the dashboard is told of all of it.</summary>
public class TopologyTests
{
    private const int Cvs = 62;
    private const int Jobs = 3;
    private const string Asking = "00f067aa0ba902b7";      // the span of whoever asks for the ranking

    private static string Samples => Path.Combine(AppContext.BaseDirectory, "samples");

    [Fact]
    public async Task The_samples_are_ingested_and_ranked_and_traces_cross_server_grain_and_engine()
    {
        await using var topology = await RunningTopology.StartAsync(engines: 3);
        var ingested = await topology.Model.RunAsync("server", "ingest-samples");
        Assert.True(ingested.Success, ingested.Message);
        Assert.StartsWith($"{Cvs} CVs are ingestion ", ingested.Message, StringComparison.Ordinal);
        await topology.UntilDoneAsync();
        Assert.Equal(Cvs + Jobs, (await topology.GetAsync("/v1/ingestions")).GetProperty("items").EnumerateArray()
            .Sum(ingestion => ingestion.GetProperty("counts").GetProperty("embedded").GetInt32()));
        var trace = await RankAsync(topology);
        await CommandsAsync(topology);
        await topology.StopAsync();

        AssertRankingTrace(topology.Receiver.Spans, trace);
        AssertItemTraces(topology.Receiver.Spans);
        AssertMetrics(topology.Receiver.Points);
        AssertLogs(topology.Receiver.Logs);
        AssertNothingOfTheDocuments(topology.Receiver.Bytes);
    }

    /// <summary>The job of the samples; gives the trace.</summary>
    private static async Task<string> RankAsync(RunningTopology topology)
    {
        var trace = Guid.NewGuid().ToString("N");
        var text = await File.ReadAllTextAsync(Path.Combine(Samples, "jobs", "backend-engineer.txt"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rankings/candidates")
        {
            Content = JsonContent.Create(new { text, top = 3, explain = true }),
            Headers = { { "traceparent", $"00-{trace}-{Asking}-01" } },
        };
        using var response = await topology.Server.Client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        var ranking = answer.GetProperty("ranking").EnumerateArray().Select(candidate => candidate.GetProperty("external_id").GetString()!).ToList();
        Assert.Equal(3, ranking.Count);
        Assert.All(ranking, candidate => Assert.StartsWith("backend-engineer-", candidate, StringComparison.Ordinal));
        return trace;
    }

    /// <summary>The dashboard's other commands, on an item that cannot be read and a silo that is to be stopped.</summary>
    private static async Task CommandsAsync(RunningTopology topology)
    {
        Assert.Equal("No item has failed.", (await topology.Model.RunAsync("server", "retry-failed")).Message);
        using var empty = new ByteArrayContent("  \n "u8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        using var form = new MultipartFormDataContent { { empty, "file", "empty.txt" } };
        (await topology.Server.Client.PostAsync("/v1/ingestions?source=empty", form)).EnsureSuccessStatusCode();
        await topology.UntilDoneAsync();
        Assert.Equal("Worked on again: 1 of 1 ingestions.", (await topology.Model.RunAsync("server", "retry-failed")).Message);
        await topology.UntilDoneAsync();

        Assert.True((await topology.Model.RunAsync("cpu-silo", "drain", "cpu-silo-engine2")).Success);
        await UntilDrainingAsync(topology, "cpu-silo-engine2");
        Assert.True((await topology.Model.RunAsync("cpu-silo", "resume", "cpu-silo-engine2")).Success);
        await UntilDrainingAsync(topology);
        var unknown = await topology.Model.RunAsync("cpu-silo", "drain", "cpu-silo-nobody");
        Assert.False(unknown.Success);
        Assert.Contains("There is no silo 'cpu-silo-nobody'", unknown.Message, StringComparison.Ordinal);
    }

    /// <summary>Until the silos tell that these are draining and no others.</summary>
    private static Task UntilDrainingAsync(RunningTopology topology, params string[] names) =>
        topology.UntilAsync($"draining: {string.Join(' ', names)}", async () =>
        {
            var silos = (await topology.GetAsync("/v1/silos")).GetProperty("items").EnumerateArray().ToList();
            Assert.Equal(4, silos.Count);
            var draining = silos.Where(silo => silo.GetProperty("state").GetString() == "draining");
            return names.SequenceEqual(draining.Select(silo => silo.GetProperty("name").GetString()));
        });

    /// <summary>From the engine's span upwards: over the grain that embeds, in an engine's silo, to the request at the server.</summary>
    private static void AssertRankingTrace(IReadOnlyList<OtlpSpan> spans, string trace)
    {
        var ranking = spans.Where(span => span.TraceId == trace).ToDictionary(span => span.SpanId);
        var request = Assert.Single(ranking.Values, span => span.ParentId == Asking);
        Assert.Equal(("server", "POST /v1/rankings/candidates"), (request.Service, request.Name));
        var engine = Assert.IsType<OtlpSpan>(ranking.Values.FirstOrDefault(span => span.Name == "embeddings rt-mini"));
        Assert.Equal("cpu-silo", engine.Service);
        var way = Ancestors(ranking, engine);
        Assert.Equal(request, way[^1]);
        Assert.Contains(way, span => span.Service == "cpu-silo" && span.Name.Contains("IEmbeddingGrain", StringComparison.Ordinal));
        Assert.Contains(way, span => span.Name == "rank");

        // A call is a span of whoever calls and one of whoever is called: with Orleans's filters twice it would be four.
        Assert.All(ranking.Values.Where(span => span.Name.Contains("Grain/", StringComparison.Ordinal)), span =>
            Assert.InRange(Ancestors(ranking, span).Prepend(span).TakeWhile(ancestor => ancestor.Name == span.Name).Count(), 1, 2));
    }

    /// <summary>Nearest first.</summary>
    private static IReadOnlyList<OtlpSpan> Ancestors(IReadOnlyDictionary<string, OtlpSpan> spans, OtlpSpan span)
    {
        var ancestors = new List<OtlpSpan>();
        while (spans.GetValueOrDefault(span.ParentId) is { } parent) ancestors.Add(span = parent);
        return ancestors;
    }

    /// <summary>Of each CV and job: handed in and parsed at the server, embedded and stored by engines.</summary>
    private static void AssertItemTraces(IReadOnlyList<OtlpSpan> spans)
    {
        var stored = spans.Where(span => span.Name == "store item").ToList();
        Assert.Equal(Cvs + Jobs, stored.Count);
        foreach (var trace in spans.GroupBy(span => span.TraceId).Where(trace => trace.Any(span => span.Name == "store item")))
        {
            var services = trace.Where(span => span.Name.EndsWith(" item", StringComparison.Ordinal))
                .Select(span => (span.Name, span.Service)).ToHashSet();
            Assert.Equal([("submit item", "server"), ("parse item", "server"), ("embed item", "cpu-silo"), ("store item", "cpu-silo")], services);
        }
    }

    private static void AssertMetrics(IReadOnlyList<OtlpPoint> points)
    {
        var seen = points.Select(point => (point.Service, point.Name)).ToHashSet();
        Assert.Superset(new HashSet<(string, string)>
        {
            ("server", "rtmatch.ingestion.items"), ("cpu-silo", "rtmatch.ingestion.items"), ("server", "rtmatch.queue.depth"),
            ("server", "rtmatch.queue.oldest.age"), ("server", "rtmatch.queue.dead_letters"), ("cpu-silo", "rtmatch.engine.tokens"),
            ("cpu-silo", "rtmatch.engine.texts"), ("server", "http.server.request.duration"), ("cpu-silo", "db.client.connection.count"),
        }, seen);
        Assert.Contains(seen, found => found.Name == "rtmatch.ranking.duration");
        Assert.Contains(seen, found => found.Name.StartsWith("orleans-", StringComparison.Ordinal));
        Assert.DoesNotContain(("server", "rtmatch.engine.texts"), seen);     // it has no engine
    }

    private static void AssertLogs(IReadOnlyList<OtlpLog> logs)
    {
        Assert.Equal(3, logs.Count(log => log is { Service: "cpu-silo", Event: "ModelLoaded" }));
        Assert.Contains(logs, log => log.Event == "IngestionStarted");
    }

    /// <summary>No line of a sample, no file's name, no contact, in nothing that was sent.</summary>
    private static void AssertNothingOfTheDocuments(IReadOnlyList<byte[]> messages)
    {
        var texts = Directory.EnumerateFiles(Samples, "*.txt", SearchOption.AllDirectories).SelectMany(File.ReadLines).Select(line => line.Trim())
            .Where(line => line.Length >= 12 && line.Contains(' ', StringComparison.Ordinal)).Append("@example.org").ToList();
        var names = Directory.EnumerateFiles(Samples, "*-*.*", SearchOption.AllDirectories).Select(Path.GetFileName);
        Assert.True(texts.Count > 100);
        var sent = string.Join('\n', messages.Select(Encoding.UTF8.GetString));
        Assert.All(texts.Concat(names), secret => Assert.DoesNotContain(secret!, sent, StringComparison.OrdinalIgnoreCase));
        Assert.All((string[])["engine1", "engine2", "engine3", "only"], instance => Assert.Contains(instance, sent, StringComparison.Ordinal));
    }
}
