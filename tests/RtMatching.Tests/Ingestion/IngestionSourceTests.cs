using System.Text;
using RtMatching.Core.Ingestion;

namespace RtMatching.Tests.Ingestion;

/// <summary>From paths to items, without a database.</summary>
public sealed class IngestionSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-source-").FullName;

    [Fact]
    public async Task A_folder_is_read_recursively_in_ordinal_order_without_hidden_files()
    {
        Write("b.txt", "B");
        Write("a/z.txt", "AZ");
        Write("a/B.txt", "AB");
        Write(".hidden", "no");
        Write(".git/x.txt", "no");

        var items = await ReadAsync(new IngestionRequest { Paths = [_folder], Tags = ["x"] });

        Assert.Equal(["a/B.txt", "a/z.txt", "b.txt"], items.Select(item => Path.GetRelativePath(_folder, item.ExternalId)));
        Assert.Equal(["AB", "AZ", "B"], items.Select(Text));
        Assert.All(items, item => Assert.Equal(("files", item.Name), (item.Source, item.ExternalId)));
        Assert.All(items, item => Assert.Equal(["x"], item.Tags));
    }

    [Fact]
    public async Task The_same_file_by_two_paths_is_one_item()
    {
        var file = Write("a/b.txt", "B");

        string[] paths = [_folder, Path.Combine(_folder, "a"), file, Path.Combine(_folder, "a", "..", "a", "b.txt")];

        var items = await ReadAsync(new IngestionRequest { Paths = paths });

        Assert.Single(items);
    }

    [Fact]
    public async Task A_file_over_the_limit_is_rejected_by_its_size_alone()
    {
        var file = Write("big.pdf", "");
        using (var stream = File.OpenWrite(file)) stream.SetLength(200L * 1024 * 1024);     // sparse

        var item = Assert.Single(await ReadAsync(new IngestionRequest { Paths = [file] }));

        Assert.Null(item.Bytes);
        Assert.Equal("too_large", item.Rejection!.Outcome);
        Assert.Contains("at most", item.Rejection.Detail);
    }

    [Fact]
    public async Task Links_out_of_the_folder_are_reported_and_links_inside_are_not_read_twice()
    {
        var outside = Directory.CreateTempSubdirectory("rtmatch-outside-").FullName;
        File.WriteAllText(Path.Combine(outside, "secret.txt"), "secret");
        Write("real/a.txt", "A");
        File.CreateSymbolicLink(Path.Combine(_folder, "again.txt"), Path.Combine(_folder, "real", "a.txt"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "circle"), _folder);
        File.CreateSymbolicLink(Path.Combine(_folder, "out.txt"), Path.Combine(outside, "secret.txt"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "outdir"), outside);
        File.CreateSymbolicLink(Path.Combine(_folder, "nothing"), Path.Combine(_folder, "missing"));

        var items = await ReadAsync(new IngestionRequest { Paths = [_folder] });
        Directory.Delete(outside, recursive: true);

        Assert.Equal(["A"], items.Where(item => item.Bytes is not null).Select(Text));
        Assert.Equal(["nothing", "out.txt", "outdir"],
            items.Where(item => item.Rejection is not null).Select(item => Path.GetFileName(item.Name)));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_one_rejected_item()
    {
        var file = Write("gone.txt", "x");
        var request = new IngestionRequest { Paths = [file, Write("there.txt", "y")] };
        IngestionSource.Check(request);
        File.Delete(file);

        var items = await ReadAsync(request);

        Assert.Equal("unreadable", items[0].Rejection!.Outcome);
        Assert.Equal("y", Text(items[1]));
    }

    [Fact]
    public void A_path_that_does_not_exist_stops_before_anything_is_read() =>
        Assert.Contains("nowhere", Assert.Throws<FileNotFoundException>(
            () => IngestionSource.Check(new IngestionRequest { Paths = [_folder, Path.Combine(_folder, "nowhere")] })).Message);

    [Fact]
    public void An_external_id_names_one_file() =>
        Assert.Throws<ArgumentException>(() => IngestionSource.Check(new IngestionRequest { Paths = [_folder], ExternalId = "x" }));

    [Fact]
    public async Task Lines_of_JSON_are_documents_and_bad_ones_are_rejected_by_number()
    {
        var file = Write("people.jsonl", """
            {"id": "1", "category": "SALES|RETAIL", "text": "Seller\nof things", "location": "Ghent", "date": "2024-05-06", "language": "EN"}
            {"id": "2", "text":
            [1, 2]

            {"id": "3", "text": "half \ud800 pair"}
            {"id": "1", "text": "same id"}
            {"text": "no id"}
            {"id": 7, "text": ["list", "of lines"]}
            """);

        var items = await ReadAsync(new IngestionRequest { Paths = [file], Tags = ["all"] });

        Assert.Equal(["1", "line 7", "7"], items.Where(item => item.Bytes is not null).Select(item => item.ExternalId));
        Assert.Equal(["line 2: ", "line 3: ", "line 5: ", "line 6: "],
            items.Where(item => item.Rejection is not null).Select(item => item.Rejection!.Detail[..8]).Take(4));
        var first = items[0];
        Assert.Equal(("people.jsonl", "people.jsonl:1", "Seller\nof things"), (first.Source, first.Name, Text(first)));
        Assert.Equal(["all", "SALES", "RETAIL"], first.Tags);
        Assert.Equal(("Ghent", "en", new DateOnly(2024, 5, 6)), (first.Location, first.Language, first.Date));
        Assert.Equal("list\nof lines", Text(items[^1]));
        Assert.DoesNotContain(items, item => item.Rejection?.Detail.Contains("pair") ?? false);
        Assert.Equal(items.Count, items.Select(item => item.Name).Distinct().Count());
    }

    [Fact]
    public async Task A_row_that_is_a_JSON_Resume_stays_JSON()
    {
        var file = Write("r.jsonl", """{"id": "j", "basics": {"label": "Baker"}, "work": []}""");

        Assert.StartsWith("{", Text(Assert.Single(await ReadAsync(new IngestionRequest { Paths = [file] }))));
    }

    [Fact]
    public async Task A_line_longer_than_any_document_is_never_held()
    {
        var file = Write("long.jsonl", $$"""{"id": "1", "text": "{{new string('x', 10_000)}}"}""" + "\n" + """{"id": "2", "text": "short"}""");

        var items = await ReadAsync(new IngestionRequest { Paths = [file] }, new IngestionOptions { MaxDocumentBytes = 1000 });

        Assert.Equal("too_large", items[0].Rejection!.Outcome);
        Assert.Equal("short", Text(items[1]));
    }

    [Fact]
    public async Task Rows_of_CSV_with_quotes_breaks_and_several_text_columns()
    {
        var file = Write("jobs.csv",
            "Job Title;Company;Job Description;Location\r\n" +
            "Baker;X;\"Bakes \"\"bread\"\";\r\nand cakes\";Ghent\r\n" +
            "Too;few\r\n" +
            "Cook;Y;NA;\r\n");

        var items = await ReadAsync(new IngestionRequest { Paths = [file] });

        Assert.Equal("Baker\n\nBakes \"bread\";\r\nand cakes", Text(items[0]));
        Assert.Equal(("row 1", "Ghent"), (items[0].ExternalId, items[0].Location));
        Assert.Contains("row 2: it has 2 columns (file line 4), the header has 4", items[1].Rejection!.Detail);
        Assert.Equal(("Cook", null), (Text(items[2]), items[2].Location));
    }

    [Fact]
    public async Task A_quote_never_closed_is_told_and_what_stands_before_it_is_kept()
    {
        var file = Write("cut.csv", "id,text\n1,good\n2,\"never closed\n3,swallowed\n");

        var items = await ReadAsync(new IngestionRequest { Paths = [file] });

        Assert.Equal("good", Text(items[0]));
        Assert.Contains("never closed", items[1].Rejection!.Detail);
        Assert.Equal(2, items.Count);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF_8_cost_a_character_and_not_the_row()
    {
        foreach (var (name, before, after) in new[] { ("a.csv", "id,text\n1,caf", "\n"), ("a.jsonl", "{\"id\": 1, \"text\": \"caf", "\"}\n") })
        {
            var file = Write(name, "");
            File.WriteAllBytes(file, [.. Encoding.UTF8.GetBytes(before), 0xE9, .. Encoding.UTF8.GetBytes(after)]);

            Assert.Equal("caf\uFFFD", Text(Assert.Single(await ReadAsync(new IngestionRequest { Paths = [file] }))));
        }
    }

    [Theory]
    [InlineData("pipe.csv")]
    [InlineData("pipe.txt")]
    public async Task A_pipe_is_not_waited_for(string name)
    {
        if (OperatingSystem.IsWindows()) return;        // no such files there
        var pipe = Path.Combine(_folder, name);
        System.Diagnostics.Process.Start("mkfifo", [pipe]).WaitForExit();

        var item = Assert.Single(await ReadAsync(new IngestionRequest { Paths = [_folder] }).WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Empty(item.Bytes!);
    }

    [Fact]
    public async Task A_mapping_that_names_a_missing_column_rejects_the_rows()
    {
        var file = Write("a.csv", "id,body\n1,x\n");

        var item = Assert.Single(await ReadAsync(new IngestionRequest { Paths = [file], Mapping = ColumnMapping.Parse("text=Resume_str") }));

        Assert.Contains("no column Resume_str", item.Rejection!.Detail);
    }

    [Fact]
    public async Task A_document_with_a_lying_extension_is_no_bulk_file()
    {
        var file = Write("cv.csv", "%PDF-1.7\nand so on\n");

        Assert.Equal(("files", "%PDF-1.7\nand so on\n"), (await ReadAsync(new IngestionRequest { Paths = [file] }))
            .Select(item => (item.Source, Text(item))).Single());
    }

    [Fact]
    public async Task Two_bulk_files_of_one_name_do_not_overwrite_each_other()
    {
        var items = await ReadAsync(new IngestionRequest
        {
            Paths = [Write("a/r.jsonl", """{"id": "1", "text": "A"}"""), Write("b/r.jsonl", """{"id": "1", "text": "B"}""")],
        });

        Assert.Equal("A", Text(items[0]));
        Assert.Contains("used before", items[1].Rejection!.Detail);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Text(SourceItem item) => Encoding.UTF8.GetString(item.Bytes!);

    private static async Task<List<SourceItem>> ReadAsync(IngestionRequest request, IngestionOptions? options = null)
    {
        var items = new List<SourceItem>();
        await foreach (var item in new IngestionSource(request, options ?? new IngestionOptions()).ReadAsync(default)) items.Add(item);
        return items;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
