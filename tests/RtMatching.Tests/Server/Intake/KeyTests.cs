using System.Net;
using System.Text;

namespace RtMatching.Tests.Server.Intake;

/// <summary>One key, one ingestion: sent twice, at once, after it broke off, after it was done.</summary>
public class KeyTests(IntakeServer intake) : IClassFixture<IntakeServer>
{
    [Fact]
    public async Task Sent_again_it_is_answered_without_being_read()
    {
        var key = Guid.NewGuid().ToString();
        var first = await intake.SubmittedAsync(IntakeServer.Files(("again-a.txt", "one")), key: key);
        using var again = await intake.SubmitAsync(IntakeServer.Body("this is no form at all", "multipart/form-data"), key: key);
        Assert.Equal((HttpStatusCode.Accepted, $"/v1/ingestions/{first}"), (again.StatusCode, again.Headers.Location!.ToString()));
        Assert.Single(await intake.ItemsAsync(first));
    }

    [Fact]
    public async Task With_other_parameters_it_is_refused()
    {
        var key = Guid.NewGuid().ToString();
        await intake.SubmittedAsync(IntakeServer.Files(("other-a.txt", "one")), key: key);
        Assert.Contains("other parameters", await intake.RefusedAsync(HttpStatusCode.UnprocessableEntity, IntakeServer.Files(("other-a.txt", "one")), "?kind=job", key), StringComparison.Ordinal);
        Assert.Contains("visible ASCII", await intake.RefusedAsync(HttpStatusCode.BadRequest, IntakeServer.Files(("b", "b")), key: "two words"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_it_is_still_being_handed_in_it_is_told_so()
    {
        var key = Guid.NewGuid().ToString();
        using var slow = new SlowBody(Rows("slow", 0, 2), Rows("slow", 2, 1));
        var first = intake.SubmitAsync(slow, key: key);
        await slow.Begun;

        // Not by asking: a question that came first would take the key itself, and the slow one would be turned away.
        while (await intake.Test.CountAsync($"select count(*) from idempotency_keys where key = '{key}'") == 0) await Task.Delay(10);
        using var second = await intake.SubmitAsync(IntakeServer.Body("", "application/x-ndjson"), key: key);
        Assert.Equal((HttpStatusCode.Conflict, true), (second.StatusCode, second.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        slow.GoOn();
        var id = (await ServerHost.JsonAsync(await first, HttpStatusCode.Accepted)).GetProperty("id").GetInt64();
        Assert.Equal(3, (await intake.ItemsAsync(id)).Length);
    }

    [Fact]
    public async Task A_client_that_went_away_goes_on_in_the_same_ingestion()
    {
        var key = Guid.NewGuid().ToString();
        using var slow = new SlowBody(Rows("gone", 0, 250), "");
        using var leave = new CancellationTokenSource();
        var first = intake.SubmitAsync(slow, key: key, cancellation: leave.Token);
        const string Kept = "select count(*) from items where external_id like 'api:gone-%'";
        while (await intake.Test.CountAsync(Kept) < 200) await Task.Delay(10);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        HttpResponseMessage again;
        do
        {
            await Task.Delay(10);
            again = await intake.SubmitAsync(IntakeServer.Body(Rows("gone", 0, 300), "application/x-ndjson"), key: key);
        }
        while (again.StatusCode == HttpStatusCode.Conflict);        // the server has not noticed yet
        var summary = await ServerHost.JsonAsync(again, HttpStatusCode.Accepted);
        Assert.Equal((300, true), (summary.GetProperty("counts").GetProperty("queued").GetInt32(), summary.GetProperty("submitted").GetBoolean()));
        Assert.Equal(300, await intake.Test.CountAsync(Kept));
        Assert.Equal(1, await intake.Test.CountAsync($"select count(*) from idempotency_keys where key = '{key}' and completed_at is not null"));
    }

    [Fact]
    public async Task Many_at_once_make_one_ingestion()
    {
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => intake.SubmitAsync(IntakeServer.Body(Rows("many", 0, 20), "application/x-ndjson"), key: key)));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict, $"{answer.StatusCode}"));
        Assert.Single(answers.Where(answer => answer.StatusCode == HttpStatusCode.Accepted).Select(answer => answer.Headers.Location).Distinct());
        Assert.Equal(1, await intake.Test.CountAsync("select count(distinct ingestion_id) from items where external_id like 'api:many-%'"));
    }

    private static string Rows(string name, int first, int count) =>
        string.Concat(Enumerable.Range(first, count).Select(i => $"{{\"id\":\"{name}-{i}\",\"text\":\"text {i}\"}}\n"));

    /// <summary>Sends its first half, waits, and sends the second.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly (string First, string Second) _halves;

        public SlowBody(string first, string second)
        {
            _halves = (first, second);
            Headers.ContentType = new("application/x-ndjson");
        }

        public Task Begun => _begun.Task;

        public void GoOn() => _goOn.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellation)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(_halves.First), cancellation);
            await stream.FlushAsync(cancellation);
            _begun.TrySetResult();
            await _goOn.Task.WaitAsync(cancellation);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(_halves.Second), cancellation);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
