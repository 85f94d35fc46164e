using System.Net;
using RtMatching.Core.Profiles;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server.Intake;

/// <summary>Documents one at a time.</summary>
public class DocumentEndpointTests(IntakeServer intake) : IClassFixture<IntakeServer>
{
    [Fact]
    public async Task Put_is_an_ingestion_of_one()
    {
        using var response = await PutAsync("?external_id=cv%2F1&kind=job&tag=t&location=Ghent&language=EN&date=2026-01-31", "Cook wanted.");
        var summary = await ServerHost.JsonAsync(response, HttpStatusCode.Accepted);
        var id = summary.GetProperty("id").GetInt64();
        Assert.Equal($"/v1/ingestions/{id}", response.Headers.Location!.ToString());
        Assert.Equal([("cv/1", null)], await intake.ItemsAsync(id));
        Assert.Equal(1, await intake.Test.CountAsync("""
            select count(*) from documents where source = 'api' and external_id = 'cv/1' and kind = 'job' and tags = '{t}' and location = 'Ghent'
                and language = 'en' and dated_on = '2026-01-31'
            """));
        Assert.Contains(id, intake.Backend.Started);
    }

    [Fact]
    public async Task Waiting_gives_the_document_or_says_why_there_is_none()
    {
        var waiting = PutAsync("?external_id=wait-ok&wait=30", "Worked as a cook.");
        await EndAsync("wait-ok", "embedded", "ok");
        var document = await ServerHost.JsonAsync(await waiting);
        Assert.Equal("wait-ok", document.GetProperty("document").GetProperty("external_id").GetString());

        var rejected = PutAsync("?external_id=wait-scan&wait=30", "SCAN");
        await EndAsync("wait-scan", "rejected", "needs_ocr");
        var problem = await ServerHost.JsonAsync(await rejected, HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith("needs_ocr", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("?external_id=wait-long&wait=1", "text")).StatusCode);
    }

    [Theory]
    [InlineData("?external_id=e", "", HttpStatusCode.BadRequest, "empty")]
    [InlineData("", "text", HttpStatusCode.BadRequest, "external_id")]
    [InlineData("?external_id=%07", "text", HttpStatusCode.BadRequest, "external_id")]
    [InlineData("?external_id=e&wait=301", "text", HttpStatusCode.BadRequest, "wait")]
    [InlineData("?external_id=e&wait=soon", "text", HttpStatusCode.BadRequest, "wait")]
    [InlineData("?external_id=e&date=yesterday", "text", HttpStatusCode.BadRequest, "date")]
    [InlineData("?external_id=e&profile=nowhere", "text", HttpStatusCode.NotFound, "profile")]
    public async Task What_cannot_be_put_is_refused_with_the_remedy(string query, string body, HttpStatusCode status, string told)
    {
        var problem = await ServerHost.JsonAsync(await PutAsync(query, body), status);
        Assert.Contains(told, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_too_large_is_refused()
    {
        await ServerHost.JsonAsync(await PutAsync("?external_id=large", new string('x', IntakeServer.MaxDocumentBytes + 1)), HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(0, await intake.Test.CountAsync("select count(*) from documents where external_id = 'large'"));
    }

    [Fact]
    public async Task Found_read_listed_and_deleted()
    {
        var cv = await intake.Test.AddAsync("d-cv", "Worked as a cook.");
        var job = await intake.Test.AddAsync("d-job", "Cook wanted.", kind: DocumentKind.Job);
        var document = await intake.Server.GetAsync($"/v1/documents/{cv}");
        Assert.Equal(("d-cv", "ok", 17), (document.GetProperty("document").GetProperty("external_id").GetString(),
            document.GetProperty("text").GetProperty("outcome").GetString(), document.GetProperty("text").GetProperty("characters").GetInt32()));
        using var text = await intake.Client.GetAsync($"/v1/documents/{cv}/text");
        Assert.Equal(("text/plain", "Worked as a cook."), (text.Content.Headers.ContentType!.MediaType, await text.Content.ReadAsStringAsync()));

        var jobs = await intake.Server.GetAsync("/v1/documents?kind=job&source=test&external_id=d-job");
        Assert.Equal(job, jobs.GetProperty("items")[0].GetProperty("id").GetInt64());
        var page = await intake.Server.GetAsync($"/v1/documents?source=test&limit=1&after={cv - 1}");
        Assert.Equal(cv, page.GetProperty("next").GetInt64());

        Assert.Equal(HttpStatusCode.NoContent, (await intake.Client.DeleteAsync($"/v1/documents/{cv}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await intake.Client.DeleteAsync($"/v1/documents/{cv}")).StatusCode);
        foreach (var path in new[] { "", "/text" }) await intake.Server.GetAsync($"/v1/documents/{cv}{path}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Another_tenants_document_is_missing()
    {
        await using var insert = intake.Test.Source.CreateCommand(
            "insert into documents (tenant, source, external_id, kind) values ('another', 'test', 'theirs', 'cv') returning id");
        var id = (long)(await insert.ExecuteScalarAsync())!;
        foreach (var path in new[] { "", "/text" }) await intake.Server.GetAsync($"/v1/documents/{id}{path}", HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, (await intake.Client.DeleteAsync($"/v1/documents/{id}")).StatusCode);
        Assert.Equal(0, (await intake.Server.GetAsync("/v1/documents?external_id=theirs")).GetProperty("items").GetArrayLength());
        Assert.Equal(1, await intake.Test.CountAsync($"select count(*) from documents where id = {id}"));
    }

    private Task<HttpResponseMessage> PutAsync(string query, string body) =>
        intake.Client.PutAsync($"/v1/documents{query}", IntakeServer.Body(body, "text/plain"));

    /// <summary>As if a worker had ended the item.</summary>
    private async Task EndAsync(string externalId, string stage, string outcome)
    {
        await using var end = intake.Test.Source.CreateCommand("update items set stage = $2, outcome = $3, updated_at = now() where external_id = $1");
        foreach (var value in new[] { externalId, stage, outcome }) end.Parameters.Add(new() { Value = value });
        while (await end.ExecuteNonQueryAsync() == 0) await Task.Delay(10);
    }
}
