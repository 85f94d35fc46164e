using System.Net;
using System.Text;

namespace RtMatching.Tests.Server.Intake;

/// <summary>Bodies of every form, good and bad.</summary>
public class SubmissionTests(IntakeServer intake) : IClassFixture<IntakeServer>
{
    [Fact]
    public async Task Three_hundred_files_keep_their_folders_and_work_begins()
    {
        var files = Enumerable.Range(0, 300).Select(i => ($"cvs/part {i % 3}/ada-{i}.txt", $"Worked as a cook, place {i}.")).ToArray();
        using var response = await intake.SubmitAsync(IntakeServer.Files(files), "?tag=berlin&tag=cook");
        var summary = await ServerHost.JsonAsync(response, HttpStatusCode.Accepted);
        var id = summary.GetProperty("id").GetInt64();

        Assert.Equal(($"/v1/ingestions/{id}", 1d), (response.Headers.Location!.ToString(), response.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        Assert.Equal(("pending", true, "files", 300), (summary.GetProperty("state").GetString(), summary.GetProperty("submitted").GetBoolean(),
            summary.GetProperty("source").GetString(), summary.GetProperty("counts").GetProperty("queued").GetInt32()));
        Assert.Contains(id, intake.Backend.Started);
        Assert.Equal(files.Select(file => (file.Item1, (string?)null)), await intake.ItemsAsync(id));
        Assert.Equal(300, await intake.Test.CountAsync("select count(*) from documents where tags = '{berlin,cook}' and source = 'files'"));
    }

    [Fact]
    public async Task Rows_are_documents_and_bad_ones_are_told_by_number()
    {
        var lines = "{\"id\":\"n1\",\"text\":\"one\"}\nno json\n{\"id\":\"n2\",\"text\":\"two\",\"city\":\"Ghent\"}\n{\"text\":\"nobody's\"}\n";
        var id = await intake.SubmittedAsync(IntakeServer.Body(lines, "application/x-ndjson"), "?kind=job");
        Assert.Equal([("api:line 2", "corrupt"), ("api:line 4", "corrupt"), ("api:n1", null), ("api:n2", null)], (await intake.ItemsAsync(id)).Order());
        Assert.Equal(1, await intake.Test.CountAsync("select count(*) from documents where source = 'api' and external_id = 'n2' and kind = 'job' and location = 'Ghent'"));

        var named = await intake.SubmittedAsync(IntakeServer.Body("{\"text\":\"nobody's\"}", "application/jsonl; charset=utf-8"), "?source=export");
        Assert.Equal([("export:line 1", null)], await intake.ItemsAsync(named));
    }

    [Fact]
    public async Task Columns_of_CSV_are_mapped()
    {
        var csv = "Number;Story\r\nc1;\"wrote\r\nreports\"\r\nc2;kept accounts\r\n";
        var id = await intake.SubmittedAsync(IntakeServer.Body(csv, "text/csv"), "?mapping=id=Number,text=Story&source=hr");
        Assert.Equal([("hr:c1", null), ("hr:c2", null)], await intake.ItemsAsync(id));
    }

    [Fact]
    public async Task A_bulk_file_among_the_files_is_rows_unless_it_is_a_document_or_has_an_id()
    {
        using var form = IntakeServer.Files(
            ("data/people.jsonl", "{\"id\":\"p1\",\"text\":\"one\"}\n{\"id\":\"p2\",\"text\":\"two\"}\n"), ("lying.csv", "%PDF-1.4 and so on"), ("plain.txt", "text"));
        var named = new StringContent("id,text\n1,x\n");
        named.Headers.Add("External-Id", "%2Fhome%2Fada%2F%C3%BC.csv");
        form.Add(named, "file", "u.csv");
        var id = await intake.SubmittedAsync(form);
        Assert.Equal([("people.jsonl:p1", null), ("people.jsonl:p2", null), ("lying.csv", null), ("plain.txt", null), ("/home/ada/ü.csv", null)], await intake.ItemsAsync(id));
    }

    [Fact]
    public async Task Names_that_are_paths_elsewhere_cost_their_item_alone()
    {
        var tooLong = new string('n', 2500) + ".txt";
        using var form = IntakeServer.Files(("a.txt", "good"), ("../../etc/passwd", "x"), ("/etc/shadow", "x"), ("C:\\cv.txt", "x"),
            ("..\\up.txt", "x"), (tooLong, "x"), ("b\\.\\c.txt", "good too"), ("a.txt", "twice"));
        var id = await intake.SubmittedAsync(form);
        var items = await intake.ItemsAsync(id);
        Assert.Equal(["a.txt", "b/c.txt"], items.Where(item => item.Outcome is null).Select(item => item.Name));
        Assert.Equal(["unsupported", "unsupported", "unsupported", "unsupported", "unsupported", "corrupt"],
            items.Where(item => item.Outcome is not null).Select(item => item.Outcome).OrderDescending());
        Assert.Contains("../../etc/passwd", items.Select(item => item.Name));
    }

    [Fact]
    public async Task A_file_that_is_too_large_costs_itself_alone()
    {
        var id = await intake.SubmittedAsync(IntakeServer.Files(("t1.txt", "good"), ("large.txt", new string('x', 200_000)), ("t2.txt", "good too")));
        Assert.Equal([("large.txt", "too_large"), ("t1.txt", null), ("t2.txt", null)], (await intake.ItemsAsync(id)).Order());
    }

    [Fact]
    public async Task What_the_client_could_not_read_is_noted()
    {
        using var form = IntakeServer.Files(("r1.txt", "good"));
        var unreadable = new StringContent("{\"outcome\":\"unreadable\",\"detail\":\"No permission.\"}", Encoding.UTF8, "application/problem+json");
        unreadable.Headers.ContentType!.CharSet = null;
        unreadable.Headers.Add("External-Id", "%2Fsecret.txt");
        form.Add(unreadable, "file", "secret.txt");
        var id = await intake.SubmittedAsync(form);
        Assert.Equal([("/secret.txt", "unreadable"), ("r1.txt", null)], (await intake.ItemsAsync(id)).Order());
    }

    [Theory]
    [InlineData("application/pdf", "%PDF", "", HttpStatusCode.UnsupportedMediaType, "multipart/form-data or application/zip")]
    [InlineData("text/csv", "", "", HttpStatusCode.BadRequest, "empty")]
    [InlineData("application/x-ndjson", "\n\n", "", HttpStatusCode.BadRequest, "empty")]
    [InlineData("application/zip", "no archive", "", HttpStatusCode.BadRequest, "not a ZIP archive")]
    [InlineData("multipart/form-data", "--x\r\n", "", HttpStatusCode.BadRequest, "boundary")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=kind\r\n\r\ncv\r\n--x--\r\n", "", HttpStatusCode.BadRequest, "no file name")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=f; filename=a.txt\r\n\r\ncut", "", HttpStatusCode.BadRequest, "breaks off")]
    [InlineData("text/csv", "id,text\n1,x\n", "?kind=7", HttpStatusCode.BadRequest, "kind")]
    [InlineData("text/csv", "id,text\n1,x\n", "?kind=person", HttpStatusCode.BadRequest, "kind")]
    [InlineData("text/csv", "id,text\n1,x\n", "?mapping=nonsense", HttpStatusCode.BadRequest, "nonsense")]
    [InlineData("text/csv", "id,text\n1,x\n", "?tag=%07", HttpStatusCode.BadRequest, "tag")]
    [InlineData("text/csv", "id,text\n1,x\n", "?source=%00", HttpStatusCode.BadRequest, "source")]
    [InlineData("text/csv", "id,text\n1,x\n", "?profile=nowhere", HttpStatusCode.NotFound, "PUT /v1/profiles")]
    public async Task What_cannot_be_taken_is_refused_with_the_remedy_and_leaves_nothing(
        string type, string body, string query, HttpStatusCode status, string told)
    {
        const string All = "select count(*) from ingestions";
        var before = await intake.Test.CountAsync(All);
        Assert.Contains(told, await intake.RefusedAsync(status, IntakeServer.Body(body, type), query), StringComparison.Ordinal);
        Assert.Equal(before, await intake.Test.CountAsync(All));
    }

    [Fact]
    public async Task No_body_at_all_is_refused() => Assert.Contains("empty", await intake.RefusedAsync(HttpStatusCode.BadRequest, null), StringComparison.Ordinal);

    [Fact]
    public async Task A_body_that_breaks_off_after_its_first_files_keeps_them()
    {
        var cut = "--x\r\nContent-Disposition: form-data; name=f; filename=kept.txt\r\n\r\nkept\r\n"
            + "--x\r\nContent-Disposition: form-data; name=f; filename=lost.txt\r\n\r\nlo";
        Assert.Contains("breaks off", await intake.RefusedAsync(HttpStatusCode.BadRequest, IntakeServer.Body(cut, "multipart/form-data; boundary=x")), StringComparison.Ordinal);
        Assert.Equal(1, await intake.Test.CountAsync("""
            select count(*) from items i join ingestions n on n.id = i.ingestion_id where i.external_id = 'kept.txt' and n.state = 'failed' and not n.submitted
            """));
    }
}
