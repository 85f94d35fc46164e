using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using RtMatching.Tests.Cli;
using RtMatching.Tests.Server;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Telemetry;

/// <summary>What a collector is sent about one ingestion and one ranking, by a server and by a command that works on the same queue.</summary>
public sealed class OtlpTests
{
    private const string Cv = """
        Wilhelmina Quackenbush
        wilhelmina.quackenbush@example.org | +49 151 23456789

        Experience
        Kept PostgreSQL databases fast for a payment service, and taught seventeen marmots to juggle turquoise umbrellas.
        Designed REST APIs in C# and ASP.NET Core.

        Skills
        C#, PostgreSQL, REST, Docker
        """;

    private const string Job = """
        Backend Engineer

        Requirements
        - Design REST APIs in C# and ASP.NET Core
        - Keep PostgreSQL fast beside a lake of purple gondolas
        """;

    private const string FileName = "quackenbush-resume-2026.txt";

    /// <summary>Names, contacts, file names and phrases: nothing of them may leave. Case is not looked at.</summary>
    private static readonly string[] Secrets =
        ["wilhelmina", "quackenbush", "example.org", "23456789", "marmots", "turquoise umbrellas", "gondolas", "asp.net core.", "resume-2026"];

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task One_ingestion_and_one_ranking_are_told_in_full_and_nothing_of_the_documents(string protocol)
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var receiver = await OtlpReceiver.StartAsync(protocol);
        var trace = await WorkAsync(test, receiver);

        var spans = receiver.Spans;
        AssertItemTrace(spans);
        AssertRankingTrace(spans, trace);
        AssertMetrics(receiver.Points);
        AssertLogs(receiver.Logs, spans);
        Assert.NotEmpty(receiver.Bytes);
        foreach (var bytes in receiver.Bytes)
        {
            var text = Encoding.UTF8.GetString(bytes);
            Assert.All(Secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>The server takes the CV and ranks, a command in another process does the work between; gives the ranking's trace.</summary>
    private static async Task<string> WorkAsync(TestDatabase test, OtlpReceiver receiver)
    {
        await using var server = await ServerProcess.StartAsync(test.ConnectionString, receiver.Environment, arguments: ["--work", "none"]);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        var id = await SubmitAsync(client);
        var command = await CliProcess.RunAsync(
            ["ingestions", "retry", $"{id}"], environment: new Dictionary<string, string>(receiver.Environment) { ["ConnectionStrings__rtmatch"] = test.ConnectionString });
        Assert.True(command.ExitCode == 0, command.Error);

        var trace = Guid.NewGuid().ToString("N");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rankings/candidates?why=Quackenbush")
        {
            Content = JsonContent.Create(new { text = Job, top = 5, explain = true }),
            Headers = { { "traceparent", $"00-{trace}-00f067aa0ba902b7-01" } },
        };
        var ranking = await ServerHost.JsonAsync(await client.SendAsync(request));
        Assert.Equal(1, ranking.GetProperty("ranking").GetArrayLength());
        server.Terminate();
        Assert.Equal(0, await server.EndAsync());
        return trace;
    }

    private static async Task<long> SubmitAsync(HttpClient client)
    {
        var file = new ByteArrayContent(Encoding.UTF8.GetBytes(Cv)) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        using var form = new MultipartFormDataContent { { file, "files", FileName } };
        var submitted = await ServerHost.JsonAsync(await client.PostAsync("/v1/ingestions?source=Quackenbush", form), HttpStatusCode.Accepted);
        return submitted.GetProperty("id").GetInt64();
    }

    private static void AssertItemTrace(IReadOnlyList<OtlpSpan> spans)
    {
        var submit = Assert.Single(spans, span => span.Name == "submit item");
        Assert.Equal(("rtmatch-server", ""), (submit.Service, submit.ParentId));
        var request = Assert.Single(spans, span => span.Name == "POST /v1/ingestions");
        Assert.Contains(submit.Links, link => link.TraceId == request.TraceId);
        foreach (var stage in new[] { "parse", "embed", "store" })
        {
            var span = Assert.Single(spans, span => span.Name == $"{stage} item");
            Assert.Equal(("rtmatch", submit.TraceId, submit.SpanId, "ok"), (span.Service, span.TraceId, span.ParentId, span.Attributes["rtmatch.item.outcome"]));
            Assert.Equal("1", span.Attributes["rtmatch.item.attempt"]);
        }

        var batch = Assert.Single(spans, span => span.Name == "embed batch" && span.Service == "rtmatch");
        Assert.Contains((batch.TraceId, batch.SpanId), spans.Single(span => span.Name == "embed item").Links);
        var engine = Assert.Single(spans, span => span.ParentId == batch.SpanId);
        Assert.Equal(("embeddings rt-mini", "embeddings", "rt-mini"),
            (engine.Name, engine.Attributes["gen_ai.operation.name"], engine.Attributes["gen_ai.request.model"]));
        Assert.InRange(int.Parse(engine.Attributes["gen_ai.usage.input_tokens"]), 20, 200);
    }

    private static void AssertRankingTrace(IReadOnlyList<OtlpSpan> spans, string trace)
    {
        var request = Assert.Single(spans, span => span.TraceId == trace && span.ParentId == "00f067aa0ba902b7");
        Assert.Equal("POST /v1/rankings/candidates", request.Name);
        Assert.Equal(("POST", "/v1/rankings/candidates", "200"),
            (request.Attributes["http.request.method"], request.Attributes["http.route"], request.Attributes["http.response.status_code"]));
        Assert.DoesNotContain(request.Attributes.Keys, key => key is "url.query" or "url.path" or "url.full");

        var rank = Assert.Single(spans, span => span.TraceId == trace && span.Name == "rank");
        Assert.Equal((request.SpanId, "fused", "1"), (rank.ParentId, rank.Attributes["rtmatch.ranking.mode"], rank.Attributes["rtmatch.ranking.results"]));
        var steps = spans.Where(span => span.ParentId == rank.SpanId).ToDictionary(span => span.Name);
        Assert.Superset(new HashSet<string> { "embed", "search", "explain" }, steps.Keys.ToHashSet());
        Assert.Equal(["search dense", "search text"], spans.Where(span => span.ParentId == steps["search"].SpanId).Select(span => span.Name).Order());
        Assert.Contains(spans, span => span.ParentId == steps["embed"].SpanId && span.Name == "embeddings rt-mini");
        Assert.Contains(spans, span => span.TraceId == trace && span.Name == "embeddings rt-mini" && span.ParentId == steps["explain"].SpanId);
    }

    private static void AssertMetrics(IReadOnlyList<OtlpPoint> points)
    {
        Assert.Equal(1, Last(points, "rtmatch", "rtmatch.ingestion.items", "{item}", ("rtmatch.ingestion.stage", "store"), ("rtmatch.item.outcome", "ok")));
        Assert.Equal(1, Last(points, "rtmatch", "rtmatch.ingestion.item.duration", "s", ("rtmatch.ingestion.stage", "parse")));
        Assert.Equal(1, Last(points, "rtmatch", "rtmatch.engine.texts", "{text}", ("gen_ai.request.model", "rt-mini")));
        Assert.InRange(Last(points, "rtmatch", "rtmatch.engine.tokens", "{token}"), 20, 200);
        Assert.Equal(1, Last(points, "rtmatch-server", "rtmatch.ranking.duration", "s", ("rtmatch.ranking.explain", "1")));
        Assert.Equal(1, Last(points, "rtmatch-server", "rtmatch.ranking.step.duration", "s", ("rtmatch.ranking.step", "explain")));
        Assert.Equal(0, Last(points, "rtmatch-server", "rtmatch.queue.depth", "{item}", ("rtmatch.queue.stage", "parsed"), ("rtmatch.queue.state", "waiting")));
        Assert.Equal(1, Last(points, "rtmatch-server", "http.server.request.duration", "s", ("http.route", "/v1/rankings/candidates")));
        Assert.Contains(points, point => point.Name == "db.client.connection.count");
        Assert.Contains(points, point => point.Name == "dotnet.process.memory.working_set");
    }

    private static double Last(IReadOnlyList<OtlpPoint> points, string service, string name, string unit, params (string Key, string Value)[] attributes) =>
        points.Last(point => (point.Service, point.Name, point.Unit) == (service, name, unit)
            && attributes.All(attribute => point.Attributes.GetValueOrDefault(attribute.Key) == attribute.Value)).Value;

    private static void AssertLogs(IReadOnlyList<OtlpLog> logs, IReadOnlyList<OtlpSpan> spans)
    {
        var command = Assert.Single(spans, span => span.Name == "rtmatch ingestions retry");
        Assert.Equal("0", command.Attributes["process.exit.code"]);
        var finished = Assert.Single(logs, log => log.Event == "IngestionFinished");
        Assert.Equal(("rtmatch", command.TraceId), (finished.Service, finished.TraceId));
        Assert.Contains("1 embedded", finished.Body);
        Assert.Contains(logs, log => log is { Service: "rtmatch-server", Event: "ModelLoaded" });
    }
}
