using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Ingestion;

/// <summary>
/// A folder of made-up files, a database of its own, a parser that counts and a decoder without arithmetic: what is left is the queue.
/// </summary>
internal sealed class IngestionBench : IAsyncDisposable
{
    private readonly TestDatabase _test;
    private int _parses;

    private IngestionBench(TestDatabase test)
    {
        _test = test;
        Decoder = new ScriptedDecoder(window: 512) { Prefilling = number => Prefilling?.Invoke(number) };
        Model = new LanguageModel("scripted", "00", new ByteTokenizer(suffix: [0]), Decoder);
        Engines = new Engines(_ => Model, NullLogger.Instance);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("rtmatch-ingestion-").FullName;
    public TestDatabase Test => _test;
    public ScriptedDecoder Decoder { get; }
    public LanguageModel Model { get; }
    public Engines Engines { get; init; }
    public int Parses => _parses;

    /// <summary>Texts that went through the model.</summary>
    public int Embeds => Decoder.Batches.Sum(batch => batch.Length);
    public Action<int>? Prefilling { get; set; }

    /// <summary>Called with each text before it is parsed; may throw.</summary>
    public Func<string, Task>? Parsing { get; set; }

    public IngestionOptions Options { get; init; } = new()
    {
        Poll = TimeSpan.FromMilliseconds(10), Backoff = TimeSpan.FromMilliseconds(5), MaxDocumentBytes = 10_000, ParseParallelism = 2,
    };

    public static async Task<IngestionBench> CreateAsync(IngestionOptions? options = null)
    {
        var test = await TestDatabase.CreateAsync();
        return options is null ? new IngestionBench(test) : new IngestionBench(test) { Options = options };
    }

    public IngestionService Service() => new(_test.Database, Options, Engines) { Parse = ParseAsync };

    /// <summary>Text files, where SCAN stands for a page without text and nothing for an empty file.</summary>
    public async Task<ParsedDocument> ParseAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _parses);
        var text = Encoding.UTF8.GetString(bytes.Span);
        if (Parsing is not null) await Parsing(text);
        if (text.Length == 0) return ParsedDocument.Unusable(DocumentOutcome.Empty, Core.Documents.DocumentFormat.Text, "No text.");
        return text == "SCAN"
            ? ParsedDocument.Unusable(DocumentOutcome.NeedsOcr, Core.Documents.DocumentFormat.Pdf, "A scan.")
            : new ParsedDocument(DocumentOutcome.Ok, Core.Documents.DocumentFormat.Text, text, [new Section(SectionKind.Other, 0, text.Length)], null);
    }

    /// <summary>What a test cancels to stop work at once.</summary>
    public CancellationTokenSource Abort { get; } = new();

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void WriteMany(int count)
    {
        for (var i = 0; i < count; i++) Write($"cv{i:000}.txt", $"worked as a {(char)('a' + i % 26)} number {i}");
    }

    public Task<long> StartAsync(DocumentKind kind = DocumentKind.Cv) =>
        Service().StartAsync(new IngestionRequest { Paths = [Folder], Kind = kind });

    public async Task<IngestionSummary> RunAsync(long id, CancellationToken cancellation = default)
    {
        await using var service = Service();
        return await service.RunAsync(id, cancellation: cancellation);
    }

    public async Task<IngestionSummary> IngestAsync(DocumentKind kind = DocumentKind.Cv) => await RunAsync(await StartAsync(kind));

    public Task<long> CountAsync(string sql) => _test.CountAsync(sql);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _test.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Ends every backend of this database but the one that asks, as an operator or a crash would.</summary>
    public async Task KillBackendsAsync()
    {
        await using var source = NpgsqlDataSource.Create(_test.ConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Nobody is let in for a while, and who is in is put out.</summary>
    public async Task RefuseConnectionsAsync(TimeSpan time)
    {
        var name = new NpgsqlConnectionStringBuilder(_test.ConnectionString).Database;
        var elsewhere = new NpgsqlConnectionStringBuilder(_test.ConnectionString) { Database = "postgres", Pooling = false };
        await using var source = NpgsqlDataSource.Create(elsewhere.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        await Command($"alter database {name} allow_connections false");
        await Command($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        await Task.Delay(time);
        await Command($"alter database {name} allow_connections true");
        _test.Source.Clear();

        async Task Command(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Abort.Dispose();
        await Engines.DisposeAsync();
        await _test.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
