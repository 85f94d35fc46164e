using System.Text;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Ingestion;

/// <summary>An ingestion that comes in parts.</summary>
public class IngestionIntakeTests
{
    private static readonly IngestionRequest Request = new() { Tags = ["x"], Mapping = ColumnMapping.Parse("text=BODY") };

    [Fact]
    public async Task Parts_may_come_twice_and_work_begins_before_the_last()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var intake = Intake(bench);
        var id = await intake.OpenAsync(Request);
        await intake.AddAsync(id, Items("a", "b"));
        await intake.AddAsync(id, Items("b", "c"));
        var running = bench.RunAsync(id);
        while (await bench.CountAsync("select count(*) from items where stage = 'embedded'") < 3) await Task.Delay(10);
        Assert.False(running.IsCompleted);
        await intake.AddAsync(id, Items("c", "d"));
        await intake.CompleteAsync(id);

        var summary = await running;
        Assert.Equal((IngestionState.Done, 4, 4), (summary.State, summary.Counts.Embedded, summary.Counts.Total));
        Assert.Equal(4, await bench.CountAsync("select count(*) from document_versions"));
    }

    [Fact]
    public async Task A_part_that_comes_again_with_another_content_counts()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var intake = Intake(bench);
        var id = await intake.OpenAsync(Request);
        await intake.AddAsync(id, Items("a"));
        await intake.AddAsync(id, AsyncItems([new SourceItem("a", "files", "a", "changed"u8.ToArray())]));
        await intake.CompleteAsync(id);

        Assert.Equal(1, (await bench.RunAsync(id)).Counts.Embedded);
        Assert.Equal(1, await bench.CountAsync("select count(*) from documents where current_version = 2"));
    }

    [Fact]
    public async Task A_part_that_breaks_off_leaves_what_came_before_and_is_taken_up_again()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var intake = Intake(bench);
        await using var keys = new IdempotencyKeys(bench.Test.Database);
        long id;
        await using (var hold = await keys.TakeAsync("default", "k", "ingestion", ""))
        {
            id = await intake.OpenAsync(Request, hold);
            await Assert.ThrowsAsync<IOException>(() => intake.AddAsync(id, Breaking(Items("a", "b"))));
        }

        Assert.Equal(2, await bench.CountAsync("select count(*) from items where stage = 'queued'"));
        await using var again = await keys.TakeAsync("default", "k", "ingestion", "");
        Assert.Equal((id, false), (again.SubjectId, again.Completed));
        var request = await intake.ReopenAsync(id);
        Assert.Equal(["x", "BODY"], request.Tags.Concat(request.Mapping.Text));
        await intake.AddAsync(id, Items("a", "b", "c"));
        await intake.CompleteAsync(id, again);
        Assert.Equal(3, (await bench.RunAsync(id)).Counts.Embedded);
        Assert.Equal(1, await bench.CountAsync("select count(*) from idempotency_keys where completed_at is not null"));
    }

    [Fact]
    public async Task What_was_given_up_for_abandoned_is_taken_up_again()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var intake = Intake(bench);
        var id = await intake.OpenAsync(Request);
        await bench.ExecuteAsync("update ingestions set created_at = now() - interval '1 hour'");
        await intake.OpenAsync(Request);
        Assert.Equal(1, await bench.CountAsync("select count(*) from ingestions where state = 'failed'"));

        await intake.ReopenAsync(id);
        await intake.AddAsync(id, Items("a"));
        await intake.CompleteAsync(id);
        Assert.Equal(IngestionState.Done, (await bench.RunAsync(id)).State);
    }

    [Fact]
    public async Task Nothing_is_added_to_what_is_complete_or_cancelled_or_another_tenants()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var intake = Intake(bench);
        var (complete, cancelled) = (await intake.OpenAsync(Request), await intake.OpenAsync(Request));
        await intake.CompleteAsync(complete);
        await bench.Service().CancelAsync(cancelled);

        Assert.Contains("is complete", (await Assert.ThrowsAsync<InvalidOperationException>(() => intake.ReopenAsync(complete))).Message);
        Assert.Contains("was cancelled", (await Assert.ThrowsAsync<InvalidOperationException>(() => intake.ReopenAsync(cancelled))).Message);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => intake.ReopenAsync(complete, "another"));
        await Assert.ThrowsAsync<OperationCanceledException>(() => intake.AddAsync(complete, Items("a")));
        Assert.Equal(0, await bench.CountAsync("select count(*) from documents"));
    }

    [Fact]
    public async Task Rate_and_remaining_time_come_from_the_rows()
    {
        await using var bench = await IngestionBench.CreateAsync();
        var records = new IngestionRecords(bench.Test.Database);
        bench.WriteMany(6);
        var id = await bench.StartAsync();
        await bench.ExecuteAsync("update ingestions set created_at = now() - interval '30 seconds'");
        await bench.ExecuteAsync("update items set stage = 'embedded', updated_at = now() + interval '1 ms' where id in (select id from items limit 3)");

        var report = await records.ReportAsync(id, "default");
        Assert.InRange(report.PerSecond, 0.08, 0.1);
        Assert.InRange(report.RemainingSeconds!.Value, 30, 38);
        await bench.ExecuteAsync("update items set updated_at = now() - interval '2 minutes', created_at = now() - interval '3 minutes'");
        var later = await records.ReportAsync(id, "default");
        Assert.Equal((0d, (double?)null), (later.PerSecond, later.RemainingSeconds));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => records.ReportAsync(id, "another"));
    }

    private static IngestionIntake Intake(IngestionBench bench) => new(bench.Test.Database, bench.Options, _ => bench.Model);

    private static IAsyncEnumerable<SourceItem> Items(params string[] names) =>
        AsyncItems(names.Select(name => new SourceItem(name, "files", name, Encoding.UTF8.GetBytes($"text of {name}")) { Tags = ["x"] }));

    private static async IAsyncEnumerable<SourceItem> AsyncItems(IEnumerable<SourceItem> items)
    {
        await Task.Yield();
        foreach (var item in items) yield return item;
    }

    private static async IAsyncEnumerable<SourceItem> Breaking(IAsyncEnumerable<SourceItem> items)
    {
        await foreach (var item in items) yield return item;
        throw new IOException("gone");
    }
}
