using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Ingestion;

/// <summary>From a folder to vectors on the real database.</summary>
public class IngestionServiceTests
{
    [Fact]
    public async Task Every_item_is_accounted_for()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(5);
        bench.Write("scan.pdf", "SCAN");
        bench.Write("empty.txt", "");
        bench.Write("big.txt", new string('x', 20_000));

        var summary = await bench.IngestAsync();
        var detail = await bench.Service().ShowAsync(summary.Id);

        Assert.Equal(IngestionState.Done, summary.State);
        Assert.Equal((8, 5, 3, 0), (summary.Counts.Total, summary.Counts.Embedded, summary.Counts.Unusable, summary.Counts.Open));
        Assert.Equal(5, detail.Outcomes["ok"]);
        Assert.Equal(["empty", "needs_ocr", "too_large"], detail.Items.Where(i => i.Stage == ItemStage.Rejected).Select(i => i.Outcome).Order());
        Assert.Equal(5, await bench.CountAsync("select count(*) from documents where current_version = 1 and content_hash is not null"));
        Assert.Equal(5, await bench.CountAsync("select count(*) from vectors_1"));
        Assert.Equal(3, (await bench.Service().ShowAsync(summary.Id, failedOnly: true)).Items.Count);
        Assert.Equal(summary.Id, Assert.Single(await bench.Service().ListAsync()).Id);
    }

    [Fact]
    public async Task A_second_run_parses_and_embeds_nothing()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(5);
        bench.Write("scan.pdf", "SCAN");
        await bench.IngestAsync();
        var (parses, embeds) = (bench.Parses, bench.Embeds);

        var again = await bench.IngestAsync();

        Assert.Equal((IngestionState.Done, 5, 1), (again.State, again.Counts.Unchanged, again.Counts.Rejected));
        Assert.Equal((parses, embeds), (bench.Parses, bench.Embeds));
        Assert.Equal(5, await bench.CountAsync("select count(*) from vectors_1"));
        Assert.Equal(6, await bench.CountAsync("select count(*) from document_versions"));
    }

    [Fact]
    public async Task A_changed_file_is_a_new_version_and_the_old_one_ranks_until_it_is_embedded()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("cv.txt", "first");
        await bench.IngestAsync();
        bench.Write("cv.txt", "second");

        var id = await bench.StartAsync();
        Assert.Equal(1, await bench.CountAsync("select current_version from documents"));
        await bench.RunAsync(id);

        Assert.Equal(2, await bench.CountAsync("select current_version from documents"));
        Assert.Equal(1, await bench.CountAsync("""
            select count(*) from documents d join document_versions v on v.document_id = d.id and v.version = 2 and v.content_hash = d.content_hash
            """));
    }

    [Fact]
    public async Task A_file_changed_back_costs_no_second_embedding()
    {
        await using var bench = await IngestionBench.CreateAsync();
        foreach (var text in new[] { "first", "second", "first" })
        {
            bench.Write("cv.txt", text);
            await bench.IngestAsync();
        }

        Assert.Equal((2, 2), (bench.Parses, bench.Embeds));
        Assert.Equal(3, await bench.CountAsync("select current_version from documents"));
        Assert.Equal(1, await bench.CountAsync("""
            select count(*) from documents d join document_versions v on v.document_id = d.id and v.version = 1 and v.content_hash = d.content_hash
            """));
    }

    [Fact]
    public async Task A_new_version_that_is_not_usable_leaves_the_old_one_ranking()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("cv.txt", "first");
        await bench.IngestAsync();
        bench.Write("cv.txt", "SCAN");

        Assert.Equal(1, (await bench.IngestAsync()).Counts.Rejected);
        Assert.Equal(1, await bench.CountAsync("select current_version from documents"));
    }

    [Fact]
    public async Task The_same_content_in_many_files_is_parsed_and_embedded_once()
    {
        await using var bench = await IngestionBench.CreateAsync(new IngestionOptions
        {
            Poll = TimeSpan.FromMilliseconds(10), ParseBatch = 2, EmbedBatch = 3, ParseParallelism = 3,
        });
        for (var i = 0; i < 20; i++) bench.Write($"copy{i}.txt", i % 2 == 0 ? "one and the same" : "another");

        var summary = await bench.IngestAsync();

        Assert.Equal(20, summary.Counts.Embedded);
        Assert.Equal((2, 2), (bench.Parses, bench.Embeds));
        Assert.Equal(2, await bench.CountAsync("select count(*) from contents"));
        Assert.Equal(20, await bench.CountAsync("select count(*) from documents where current_version = 1"));
    }

    [Fact]
    public async Task Rows_become_documents_with_their_tags()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("rows.jsonl", """
            {"id": "1", "category": "SALES", "text": "sells", "location": "Ghent"}
            not json
            {"id": "2", "category": "COOKS", "text": "cooks", "date": "2024-05-06"}
            """);

        var summary = await bench.IngestAsync(DocumentKind.Job);

        Assert.Equal((2, 1), (summary.Counts.Embedded, summary.Counts.Rejected));
        Assert.Equal(1, await bench.CountAsync("""
            select count(*) from documents where source = 'rows.jsonl' and external_id = '1' and kind = 'job' and tags = '{SALES}'
                and location = 'Ghent' and language is not null
            """));
        Assert.Equal(1, await bench.CountAsync("select count(*) from documents where dated_on = '2024-05-06' and tags @> '{COOKS}'"));
    }

    [Fact]
    public async Task New_tags_reach_a_document_whose_text_is_unchanged_and_none_keep_the_old()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("cv.txt", "text");
        await bench.IngestAsync();

        await bench.Service().StartAsync(new IngestionRequest { Paths = [bench.Folder], Tags = ["new", "second"] });
        await bench.StartAsync();

        Assert.Equal(1, await bench.CountAsync("select count(*) from documents where tags = '{new,second}'"));
    }

    [Fact]
    public async Task A_document_does_not_turn_into_another_kind()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("cv.txt", "text");
        await bench.IngestAsync();

        var detail = await bench.Service().ShowAsync((await bench.IngestAsync(DocumentKind.Job)).Id);

        Assert.Contains("stored as something else than a job", Assert.Single(detail.Items).Detail);
        Assert.Equal(1, await bench.CountAsync("select count(*) from documents where kind = 'cv'"));
    }

    [Fact]
    public async Task Cancelled_work_is_not_done_until_it_is_retried()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(3);
        var id = await bench.StartAsync();

        Assert.True(await bench.Service().CancelAsync(id));
        Assert.False(await bench.Service().CancelAsync(id));
        var cancelled = await bench.RunAsync(id);
        Assert.Equal((IngestionState.Cancelled, 3, 0), (cancelled.State, cancelled.Counts.Cancelled, bench.Parses));

        Assert.Equal(3, await bench.Service().RetryAsync(id));
        var done = await bench.RunAsync(id);
        Assert.Equal((IngestionState.Done, 3), (done.State, done.Counts.Embedded));
    }

    [Fact]
    public async Task A_rejected_document_is_parsed_anew_when_it_is_retried()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.Write("scan.pdf", "SCAN");
        var id = (await bench.IngestAsync()).Id;

        Assert.Equal(1, await bench.Service().RetryAsync(id));
        var again = await bench.RunAsync(id);

        Assert.Equal((1, 2), (again.Counts.Rejected, bench.Parses));
    }

    [Fact]
    public async Task What_is_not_there_is_told_by_its_number()
    {
        await using var bench = await IngestionBench.CreateAsync();
        using var service = bench.Service();

        foreach (var ask in new Func<Task>[]
        {
            () => service.RunAsync(7), () => service.ShowAsync(7), () => service.CancelAsync(7), () => service.RetryAsync(7),
        })
            Assert.Contains("no ingestion 7", (await Assert.ThrowsAsync<KeyNotFoundException>(ask)).Message);
    }

    [Fact]
    public async Task Re_embedding_serves_the_old_version_until_the_new_one_is_full()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(4);
        await bench.IngestAsync();
        bench.Write("jobs/job.txt", "wanted");
        await bench.Service().StartAsync(new IngestionRequest { Paths = [Path.Combine(bench.Folder, "jobs")], Kind = DocumentKind.Job })
            .ContinueWith(id => bench.RunAsync(id.Result)).Unwrap();
        var profiles = new ProfileStore(bench.Test.Database);
        var old = (await profiles.FindActiveAsync(TaskProfile.DefaultName))!;
        var saved = await profiles.SaveAsync(old.Profile with { Iterations = 3 });
        bench.Prefilling = _ => Assert.Equal(old.Id, profiles.FindActiveAsync(TaskProfile.DefaultName).Result!.Id);
        var parses = bench.Parses;

        var active = await bench.Service().ReembedAsync();

        Assert.Equal((saved.Id, true), (active.Id, active.Active));
        Assert.Equal(saved.Id, (await profiles.FindActiveAsync(TaskProfile.DefaultName))!.Id);
        Assert.Equal(5, await bench.CountAsync($"select count(*) from vectors_{saved.Id}"));
        Assert.Equal(1, await bench.CountAsync($"select count(*) from vectors_{saved.Id} where kind = 'job'"));
        Assert.Equal(5, await bench.CountAsync($"select count(*) from vectors_{old.Id}"));
        Assert.Equal(parses, bench.Parses);
        Assert.Equal(2, await bench.CountAsync("select count(*) from ingestions where reembed and state = 'done'"));
    }

    [Fact]
    public async Task What_was_still_under_way_when_the_version_was_switched_ranks_in_the_new_one_too()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(2);
        await bench.IngestAsync();
        bench.Write("late.txt", "came late");
        var late = await bench.StartAsync();
        var profiles = new ProfileStore(bench.Test.Database);
        var old = (await profiles.FindActiveAsync(TaskProfile.DefaultName))!;
        var saved = await profiles.SaveAsync(old.Profile with { Iterations = 3 });
        await bench.Service().ReembedAsync();

        await bench.RunAsync(late);

        Assert.Equal(0, await bench.CountAsync($"""
            select count(*) from documents d where d.current_version is null or not exists (
                select 1 from vectors_{saved.Id} v where v.content_hash = d.content_hash)
            """));
    }

    [Fact]
    public async Task Another_model_than_the_profiles_is_refused_with_the_remedy()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(1);
        await bench.IngestAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => bench.Service().StartAsync(new IngestionRequest { Paths = [bench.Folder], ModelPath = "/models/other" }));

        Assert.Contains("another profile name", error.Message);
    }

    [Fact]
    public async Task Re_embedding_that_cannot_be_finished_switches_nothing_and_says_what_to_do()
    {
        await using var bench = await IngestionBench.CreateAsync(new IngestionOptions
        {
            Poll = TimeSpan.FromMilliseconds(10), Backoff = TimeSpan.FromMilliseconds(1), MaxAttempts = 2,
        });
        bench.WriteMany(3);
        await bench.IngestAsync();
        var profiles = new ProfileStore(bench.Test.Database);
        var old = (await profiles.FindActiveAsync(TaskProfile.DefaultName))!;
        await profiles.SaveAsync(old.Profile with { Iterations = 3 });
        bench.Prefilling = _ =>
        {
            if (bench.Decoder.Batches[^1].Any(ids => ids.Contains('1'))) throw new InvalidOperationException("secret text");
        };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Service().ReembedAsync());

        Assert.Contains("ingestions show", error.Message);
        Assert.Equal(old.Id, (await profiles.FindActiveAsync(TaskProfile.DefaultName))!.Id);
        Assert.Equal(0, await bench.CountAsync("select count(*) from items where detail like '%secret%'"));
    }
}
