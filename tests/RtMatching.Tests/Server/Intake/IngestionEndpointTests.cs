using System.Net;
using System.Text.Json;

namespace RtMatching.Tests.Server.Intake;

/// <summary>Ingestions once they are there: parts, progress, items, cancelling, retrying.</summary>
public class IngestionEndpointTests(IntakeServer intake) : IClassFixture<IntakeServer>
{
    [Fact]
    public async Task In_parts()
    {
        var id = await intake.SubmittedAsync(null, "?open=true&source=desk&tag=x");
        Assert.Equal(("desk", false), await StateAsync(id));
        foreach (var part in new[] { ("1.txt", "one"), ("2.txt", "two"), ("2.txt", "two") }) await AddAsync(id, IntakeServer.Files(part));
        Assert.Equal(("desk", false), await StateAsync(id));
        foreach (var complete in new[] { 1, 2 }) await AddAsync(id, null, "?complete=true");       // twice: its answer could be lost
        Assert.Equal(("desk", true), await StateAsync(id));
        Assert.Equal([("1.txt", null), ("2.txt", null)], await intake.ItemsAsync(id));
        Assert.Equal(2, await intake.Test.CountAsync("select count(*) from documents where source = 'desk' and tags = '{x}'"));

        Assert.Contains("is complete", Detail(await AddAsync(id, IntakeServer.Files(("3.txt", "x")), status: HttpStatusCode.Conflict)), StringComparison.Ordinal);
        await AddAsync(id + 1000, IntakeServer.Files(("3.txt", "x")), status: HttpStatusCode.NotFound);
        var open = await intake.SubmittedAsync(IntakeServer.Files(("o1.txt", "x")), "?open=true");
        await AddAsync(open, null, status: HttpStatusCode.BadRequest);
        await AddAsync(open, IntakeServer.Files(("o2.txt", "x")), "?complete=true");
        Assert.Equal(2, (await intake.ItemsAsync(open)).Length);
    }

    [Fact]
    public async Task A_part_under_a_key_is_read_once()
    {
        var id = await intake.SubmittedAsync(null, "?open=true", "open-once");
        Assert.Equal(id, await intake.SubmittedAsync(null, "?open=true", "open-once"));
        foreach (var name in new[] { "once.txt", "not-read.txt" }) await AddAsync(id, IntakeServer.Files((name, "x")), key: "part-once");
        Assert.Equal([("once.txt", null)], await intake.ItemsAsync(id));
    }

    [Fact]
    public async Task Lists_and_items_come_in_pages()
    {
        var ids = new List<long>();
        for (var i = 0; i < 3; i++) ids.Add(await intake.SubmittedAsync(IntakeServer.Files(("page.txt", $"{i}"), ("../bad", "x"), ("page2.txt", $"{i}"))));
        var first = await intake.Server.GetAsync($"/v1/ingestions?limit=2&after={ids[2] + 1}");
        Assert.Equal([ids[2], ids[1]], Ids(first));
        Assert.Equal(ids[1], first.GetProperty("next").GetInt64());
        Assert.Equal(ids[0], Ids(await intake.Server.GetAsync($"/v1/ingestions?limit=2&after={ids[1]}"))[0]);

        var items = await intake.Server.GetAsync($"/v1/ingestions/{ids[2]}/items?limit=2");
        Assert.Equal(2, Ids(items).Length);
        var rest = await intake.Server.GetAsync($"/v1/ingestions/{ids[2]}/items?limit=2&after={items.GetProperty("next").GetInt64()}");
        Assert.Equal((1, JsonValueKind.Null), (Ids(rest).Length, rest.GetProperty("next").ValueKind));
        var failed = await intake.Server.GetAsync($"/v1/ingestions/{ids[2]}/items?failed=true");
        Assert.Equal("../bad", failed.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.Single(Ids(failed));
        await intake.Server.GetAsync($"/v1/ingestions?limit=0", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Cancelled_it_waits_for_a_retry()
    {
        var id = await intake.SubmittedAsync(IntakeServer.Files(("cancel.txt", "x")));
        foreach (var _ in new[] { 1, 2 })
            Assert.Equal("cancelled", (await intake.Server.PostAsync($"/v1/ingestions/{id}/cancel", new { })).GetProperty("state").GetString());
        var started = intake.Backend.Started.Count;
        var retried = await intake.Server.PostAsync($"/v1/ingestions/{id}/retry", new { }, HttpStatusCode.Accepted);
        Assert.Equal(("pending", 1), (retried.GetProperty("state").GetString(), retried.GetProperty("counts").GetProperty("queued").GetInt32()));
        Assert.Contains(id, intake.Backend.Started.Skip(started));
        await EndAsync(id);
        Assert.Contains("had ended", (await intake.Server.PostAsync($"/v1/ingestions/{id}/cancel", new { }, HttpStatusCode.Conflict)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Events_tell_progress_and_end_with_it()
    {
        var id = await intake.SubmittedAsync(IntakeServer.Files(("events.txt", "x")));
        using var response = await intake.Client.GetAsync($"/v1/ingestions/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        var (name, progress) = await NextAsync(events);
        Assert.Equal(("progress", 1), (name, progress.GetProperty("summary").GetProperty("counts").GetProperty("queued").GetInt32()));
        await EndAsync(id);
        while (name == "progress") (name, progress) = await NextAsync(events);
        Assert.Equal(("done", "done"), (name, progress.GetProperty("summary").GetProperty("state").GetString()));
        Assert.Null(await events.ReadLineAsync());
    }

    [Fact]
    public async Task What_is_not_there_or_another_tenants_is_told_as_missing()
    {
        await using var insert = intake.Test.Source.CreateCommand(
            "insert into ingestions (tenant, kind, source, profile_version_id, request) select 'another', 'cv', 'x', id, '{}' from profile_versions limit 1 returning id");
        var foreign = (long)(await insert.ExecuteScalarAsync())!;
        foreach (var id in new[] { foreign, 123_456 })
        {
            foreach (var path in new[] { "", "/items", "/events" }) await intake.Server.GetAsync($"/v1/ingestions/{id}{path}", HttpStatusCode.NotFound);
            foreach (var path in new[] { "/cancel", "/retry" }) await intake.Server.PostAsync($"/v1/ingestions/{id}{path}", new { }, HttpStatusCode.NotFound);
            await AddAsync(id, IntakeServer.Files(("f.txt", "x")), status: HttpStatusCode.NotFound);
        }

        Assert.DoesNotContain(foreign, Ids(await intake.Server.GetAsync("/v1/ingestions?limit=1000")));
    }

    private async Task<(string?, bool)> StateAsync(long id)
    {
        var summary = (await intake.Server.GetAsync($"/v1/ingestions/{id}")).GetProperty("summary");
        return (summary.GetProperty("source").GetString(), summary.GetProperty("submitted").GetBoolean());
    }

    private async Task<JsonElement> AddAsync(long id, HttpContent? body, string query = "", HttpStatusCode status = HttpStatusCode.Accepted, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/ingestions/{id}/items{query}") { Content = body };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await ServerHost.JsonAsync(await intake.Client.SendAsync(request), status);
    }

    /// <summary>As if a worker had embedded everything.</summary>
    private async Task EndAsync(long id)
    {
        await using var end = intake.Test.Source.CreateCommand($"""
            update items set stage = 'embedded', outcome = 'ok', updated_at = now() where ingestion_id = {id};
            update ingestions set state = 'done', finished_at = now() where id = {id}
            """);
        await end.ExecuteNonQueryAsync();
    }

    private static async Task<(string Name, JsonElement Data)> NextAsync(StreamReader events)
    {
        var name = (await events.ReadLineAsync())!["event: ".Length..];
        var data = JsonDocument.Parse((await events.ReadLineAsync())!["data: ".Length..]).RootElement;
        Assert.Equal("", await events.ReadLineAsync());
        return (name, data);
    }

    private static long[] Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetInt64())];

    private static string Detail(JsonElement problem) => problem.GetProperty("detail").GetString()!;
}
