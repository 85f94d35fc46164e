using System.Diagnostics;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

/// <summary>Workers that misbehave, played by shell scripts, and limits reached for real.</summary>
public sealed class DocumentParserTests
{
    /// <summary>The frame with which a worker greets: 22 bytes.</summary>
    private const string Greets = """printf '\026\000\000\000rtmatch parse-worker 1'; """;

    private static readonly byte[] Text = "Experience"u8.ToArray();

    private static DocumentParserOptions Script(string script) => new()
    {
        WorkerCommand = ["sh", "-c", script],
        Workers = 1,
        Limits = new DocumentLimits { Timeout = TimeSpan.FromSeconds(1) },
    };

    [Fact]
    public async Task A_worker_that_dies_twice_on_a_document_makes_it_corrupt()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var parser = new DocumentParser(Script(Greets + "head -c 5 > /dev/null; exit 134"));
        var document = await parser.ParseAsync(Text);
        Assert.Equal(DocumentOutcome.Corrupt, document.Outcome);
        Assert.Contains("crashed", document.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_hangs_is_killed_in_time()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var parser = new DocumentParser(Script(Greets + "sleep 600"));
        var clock = Stopwatch.StartNew();
        var document = await parser.ParseAsync(Text);
        Assert.Equal(DocumentOutcome.TooLarge, document.Outcome);
        Assert.Contains("time", document.Detail, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_worker_killed_by_chance_costs_its_document_one_more_try()
    {
        if (OperatingSystem.IsWindows()) return;
        var real = new DocumentParserOptions();
        var folder = Directory.CreateTempSubdirectory("rtmatch-test");
        try
        {
            // The first start leaves a mark and dies; the second finds it and becomes a real worker.
            var worker = string.Join(' ', real.WorkerCommand.Select(part => $"'{part}'"));
            var script = $"if [ -e '{folder}/mark' ]; then exec {worker}; fi; touch '{folder}/mark'; {Greets} head -c 1 > /dev/null; exit 1";
            await using var parser = new DocumentParser(new DocumentParserOptions { WorkerCommand = ["sh", "-c", script], Workers = 1 });
            Assert.Equal(DocumentOutcome.Ok, (await parser.ParseAsync(Text)).Outcome);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_command_that_is_no_worker_is_named()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var parser = new DocumentParser(Script("echo Usage: something else"));
        var wrong = await Assert.ThrowsAsync<InvalidOperationException>(() => parser.ParseAsync(Text));
        Assert.Contains("echo Usage", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("WorkerCommand", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_needs_more_memory_than_a_worker_has_is_too_large_and_the_next_is_parsed()
    {
        var limits = new DocumentLimits { MaxMemoryBytes = 48 << 20, MaxTextLength = 100_000_000 };
        await using var parser = new DocumentParser(new DocumentParserOptions { Workers = 1, Limits = limits });
        var large = new byte[18 << 20];
        large.AsSpan().Fill((byte)'a');
        var document = await parser.ParseAsync(large);
        Assert.Equal(DocumentOutcome.TooLarge, document.Outcome);
        Assert.Contains("memory", document.Detail, StringComparison.Ordinal);
        Assert.Equal(DocumentOutcome.Ok, (await parser.ParseAsync(Text)).Outcome);
    }

    [Fact]
    public async Task Workers_are_replaced_after_their_share_of_documents_and_many_callers_share_them()
    {
        await using var parser = new DocumentParser(new DocumentParserOptions { Workers = 2, DocumentsPerWorker = 10 });
        var texts = Enumerable.Range(0, 50).Select(i => $"Document number {i}").ToList();
        var parsed = await Task.WhenAll(texts.Select(text => parser.ParseAsync(Encoding.UTF8.GetBytes(text))));
        Assert.Equal(texts, parsed.Select(document => document.Text));
    }

    [Fact]
    public async Task Cancellation_is_heard_and_costs_only_its_worker()
    {
        if (OperatingSystem.IsWindows()) return;
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await using var parser = new DocumentParser(Script(Greets + "sleep 600") with { Limits = new DocumentLimits() });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => parser.ParseAsync(Text, soon.Token));
    }

    [Fact]
    public async Task Disposing_ends_the_workers_and_refuses_more()
    {
        var parser = new DocumentParser(new DocumentParserOptions { Workers = 1 });
        await parser.ParseAsync(Text);
        await parser.DisposeAsync();
        await parser.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => parser.ParseAsync(Text));
    }

    [Fact]
    public async Task The_worker_speaks_its_protocol_over_any_streams()
    {
        var input = new MemoryStream();
        await WorkerFrames.WriteAsync(input, JsonSerializer.SerializeToUtf8Bytes(new DocumentLimits { MaxBytes = 1000 }), default);
        await WorkerFrames.WriteAsync(input, "Skills"u8.ToArray(), default);
        input.Position = 0;
        var output = new MemoryStream();
        Assert.Equal(0, await ParseWorker.RunAsync(input, output));
        output.Position = 0;
        Assert.Equal("rtmatch parse-worker 1", Encoding.UTF8.GetString((await WorkerFrames.ReadAsync(output, 100, default))!));
        Assert.Contains("\"Text\":\"Skills\"", Encoding.UTF8.GetString((await WorkerFrames.ReadAsync(output, 1000, default))!), StringComparison.Ordinal);
        Assert.Null(await WorkerFrames.ReadAsync(output, 1000, default));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1001)]
    public async Task A_frame_of_impossible_length_is_refused(int length)
    {
        var stream = new MemoryStream(BitConverter.GetBytes(length));
        await Assert.ThrowsAsync<InvalidDataException>(() => WorkerFrames.ReadAsync(stream, 1000, default));
    }
}
