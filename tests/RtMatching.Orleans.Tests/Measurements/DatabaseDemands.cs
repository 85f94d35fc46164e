using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// What one CV asks of the database, measured on a real one through the code that does it: a parser and a decoder without arithmetic, so
/// that what is left is the queue and the store. Prints a table and the options that put it into the model.
/// </summary>
internal sealed class DatabaseDemands
{
    private const int Batch = 64;
    private const int SubmittedTogether = 200;      // as Submission commits them
    private const int Leased = 12_800;              // 100 silos, two batches each
    private const int IndexedVectors = 10_000;
    private const int Dimension = 1024;             // what goes into the model; 256 is shown beside

    private static readonly int[] Queues = [10_000, 100_000, 1_000_000];

    private readonly IngestionOptions _options = new()
    {
        Lease = TimeSpan.FromMinutes(10), ParseBatch = Batch, EmbedBatch = Batch, EmbedBatchCharacters = int.MaxValue,
    };

    private readonly Database _database;
    private readonly DatabaseMeter _meter;
    private readonly DatabaseRetry _retry;
    private readonly WorkQueue _queue;
    private readonly Dictionary<string, double> _found = [];        // options of the model
    private int _nextCv;

    private DatabaseDemands(Database database, NpgsqlConnection own)
    {
        (_database, _meter) = (database, new DatabaseMeter(own));
        _retry = new DatabaseRetry(database, TimeSpan.FromSeconds(30));
        _queue = new WorkQueue(_retry, _options);
    }

    /// <summary><c>demands [most]</c>: queues of at most so many items, a million by default.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var most = Queues[^1];
        if (args.Length > 1 || (args.Length == 1 && !(int.TryParse(args[0], CultureInfo.InvariantCulture, out most) && most >= Queues[0])))
        {
            Console.Error.WriteLine($"demands [ITEMS]: queues of up to ITEMS are measured, {Queues[0]} at least; {Queues[^1]} by default.");
            return 2;
        }

        await using var test = await DemandsDatabase.CreateAsync();
        await using var own = new NpgsqlConnection(test.ConnectionString + ";Pooling=false");
        await own.OpenAsync();
        var started = Stopwatch.StartNew();
        await new DatabaseDemands(test.Database, own).RunAsync([.. Queues.Where(queue => queue <= most)]);
        Console.WriteLine(Text($"\nTook {started.Elapsed.TotalSeconds:n0} s."));
        return 0;
    }

    private async Task RunAsync(IReadOnlyList<int> queues)
    {
        Row("what", "processor ms", "waited ms", "log bytes", "of");
        Row("--", "--:", "--:", "--:", ":--");
        await SmallVectorsAsync();
        var profile = await ProfileAsync(Dimension);
        var ingestion = await SubmitAsync(profile, (queues.Count + 2) * 8 * Batch, "");
        await ParseAsync(ingestion, (queues.Count + 2) * 8, "");
        await LeaseAsync(ingestion);
        foreach (var queue in queues) await QueueAsync(profile, ingestion, queue);
        var beside = Text($"; {queues[^1]:n0} items wait");
        await ParseAsync(await SubmitAsync(profile, 12 * Batch, beside), 12, beside);
        await SizesAsync();
        await IndexAsync(profile, ingestion);
        Console.WriteLine($"\nmodel {string.Join(' ', _found.Select(option => Text($"{option.Key} {option.Value:g4}")))}");
    }

    /// <summary>256 dimensions from handing in to embedded; also how many rows a CV writes on its way.</summary>
    private async Task SmallVectorsAsync()
    {
        const int Batches = 16;
        var rows = await RowsAsync();
        var profile = await ProfileAsync(256);
        var ingestion = await SubmitAsync(profile, Batches * Batch, "");
        await ParseAsync(ingestion, Batches, "");
        await EmbedAsync(profile, ingestion, Batches, "no other items");
        var perCv = (await RowsAsync() - rows) / (Batches * Batch);
        Row("rows written from handing in to embedded", "", "", "", Text($"{perCv:0.0} a CV"));
        _found["--rows-per-cv"] = perCv;
    }

    /// <summary>Backends tell what they did when they end.</summary>
    private async Task<double> RowsAsync()
    {
        _database.Source.Clear();
        await Task.Delay(TimeSpan.FromSeconds(1));
        return await _meter.NumberAsync("select sum(n_tup_ins + n_tup_upd) from pg_stat_user_tables where schemaname = 'public'");
    }

    private async Task<ProfileVersion> ProfileAsync(int dimension) => await new ProfileStore(_database).SaveAsync(new TaskProfile
    {
        Name = $"demands-{dimension}", ModelName = "demands", WeightsHash = "00", MaxTokens = 8000, Dimension = dimension,
    });

    private async Task<long> SubmitAsync(ProfileVersion profile, int cvs, string beside)
    {
        var store = new IngestionStore(_retry);
        var id = await store.CreateAsync("default", DocumentKind.Cv, "demands", profile.Id, reembed: false, default);
        var submission = new Submission(_retry, profile, (await store.FindAsync(id, default))!, new VectorStore(_database, profile));
        var costs = new List<DatabaseCost>();
        for (var left = cvs; left > 0; left -= SubmittedTogether)
        {
            var items = Enumerable.Range(_nextCv, Math.Min(left, SubmittedTogether)).Select(ZipfCvs.Item).ToList();
            _nextCv += items.Count;
            costs.Add((await _meter.MeasureAsync(async () =>
            {
                foreach (var item in items) await submission.AddAsync(item, default);
                await submission.FlushAsync(default);
            })).Per(items.Count));
        }

        await store.SubmittedAsync(id, key: null, default);
        var of = Text($"200 in a transaction, {ZipfCvs.Text(0).Length:n0} characters{beside}");
        var cost = Say("CV handed in", DatabaseMeter.Median(costs), of);
        _found["--submit-ms-per-cv"] = cost.ProcessorMs;
        _found["--log-bytes-before"] = cost.LogBytes;
        return id;
    }

    private async Task ParseAsync(long ingestion, int batches, string beside)
    {
        var stage = new ParseStage(_retry, _queue, (bytes, _) => Task.FromResult(Parsed(Encoding.UTF8.GetString(bytes.Span))), _options);
        var cost = (await _meter.MedianAsync(batches, () => stage.StepAsync(ingestion, default))).Per(Batch);
        Say("CV parsed", cost, $"claimed by 64, committed one by one{beside}");
        _found["--parse-ms-per-cv"] = cost.ProcessorMs;
        _found["--log-bytes-before"] += cost.LogBytes;
    }

    private static ParsedDocument Parsed(string text) =>
        new(DocumentOutcome.Ok, DocumentFormat.Text, text, [new Section(SectionKind.Other, 0, text.Length)], null);

    /// <summary>Renewing, and the smallest commit there is: of one row.</summary>
    private async Task LeaseAsync(long ingestion)
    {
        await using (var lease = await ClaimAsync(ingestion, 1))
        {
            var smallest = await SayAsync("lease of one item renewed", "a commit that waits for the disk", 50,
                () => _queue.RenewAsync([lease], default));
            _found["--flush-ms"] = Math.Max(0, smallest.Ms - smallest.ProcessorMs);
        }

        await using (var lease = await ClaimAsync(ingestion, Batch))
        {
            var cost = await SayAsync("lease of 64 renewed", "one statement", 20, () => _queue.RenewAsync([lease], default));
            _found["--renew-ms-per-item"] = cost.Per(Batch).ProcessorMs;
        }
    }

    private async Task<Lease> ClaimAsync(long ingestion, int items) =>
        await _queue.ClaimAsync(ItemStage.Parsed, ingestion, items, default)
        ?? throw new InvalidOperationException("Nothing waits to be claimed.");

    /// <summary>Claims and embeds in front of a long queue.</summary>
    private async Task QueueAsync(ProfileVersion profile, long ingestion, int queue)
    {
        await FillAsync(ingestion, queue);
        var few = await ClaimsAsync(ingestion, Batch, queue, "none leased");
        var many = await ClaimsAsync(ingestion, 8 * Batch, queue, "none leased");
        var open = new OpenIngestions(_retry);
        var wait = Text($"{queue:n0} items wait");
        _found["--look-ms"] = (await SayAsync("look at an ingestion", wait, 5, () => open.FindAsync(ingestion, default))).ProcessorMs;
        await SayAsync("look at all that are open", wait + " in one, and none in another", 5, () => open.FindAsync(default));
        await SayAsync("look for expired leases", wait, 5, () => _queue.ReapAsync(default));
        var (read, stored) = await EmbedAsync(profile, ingestion, 8, wait);
        _found["--read-ms-per-cv"] = read.ProcessorMs;
        _found["--commit-ms-per-cv"] = stored.ProcessorMs;
        _found["--log-bytes-embed"] = few.LogBytes / Batch + read.LogBytes + stored.LogBytes;
        if (queue < 2 * Leased) return;
        var perItem = (many.ProcessorMs - few.ProcessorMs) / (7 * Batch);
        await using var lease = await ClaimAsync(ingestion, Leased);
        var behind = await ClaimsAsync(ingestion, 8 * Batch, queue, Text($"{Leased:n0} leased"));
        _found["--claim-ms-per-item"] = perItem;
        _found["--claim-ms-per-passed"] = Math.Max(0, behind.ProcessorMs - many.ProcessorMs) / Leased;
    }

    private async Task<DatabaseCost> ClaimsAsync(long ingestion, int items, int queue, string leased)
    {
        Lease? lease = null;
        return await SayAsync(Text($"claim of {items}"), Text($"{queue:n0} items wait, {leased}"), 11,
            async () => lease = await ClaimAsync(ingestion, items), async () => await lease!.DisposeAsync());
    }

    /// <summary>Items that nobody comes to, without documents: they stand behind the real ones.</summary>
    private async Task FillAsync(long ingestion, int queue)
    {
        await _meter.ExecuteAsync("alter table items drop constraint if exists items_document_id_fkey");
        await _meter.ExecuteAsync($"""
            insert into items (ingestion_id, tenant, external_id, document_id, version, content_hash, stage, outcome)
            select {ingestion}, 'default', 'filler ' || g, 1000000000 + g, 1, sha256(g::text::bytea), 'parsed', 'ok'
            from generate_series((select count(*) + 1 from items where external_id like 'filler %'), {queue}) g
            """);
        await _meter.ExecuteAsync("vacuum (analyze) items");
    }

    /// <summary>As a station does: it adopts what a dispatch has claimed and sent, reads, embeds and stores.</summary>
    private async Task<(DatabaseCost Read, DatabaseCost Stored)> EmbedAsync(
        ProfileVersion profile, long ingestion, int batches, string beside)
    {
        var decoder = new ScriptedDecoder(profile.Profile.Dimension, window: 8192);
        using var model = new LanguageModel("demands", "00", new ByteTokenizer(suffix: [0]), decoder);
        await using var engine = new Engine(model);
        var embedder = new DocumentEmbedder(model, profile.Profile);
        var stage = new EmbedStage(_retry, _queue, engine, embedder, new VectorStore(_database, profile), _options);
        var (read, stored) = (new List<DatabaseCost>(), new List<DatabaseCost>());
        for (var i = 0; i < batches; i++)
        {
            var lease = await ClaimAsync(ingestion, Batch);
            _queue.Leave(lease);
            var batch = new ItemBatch(lease.Token, ingestion, profile.Id, ItemStage.Parsed, [.. lease.Held.Order()]);
            EmbedWork? work = null;
            read.Add((await _meter.MeasureAsync(
                async () => work = await stage.PrepareAsync((await _queue.AdoptAsync(batch, default))!, default))).Per(Batch));
            stored.Add((await _meter.MeasureAsync(() => stage.RunAsync(work!, default))).Per(Batch));
            await work!.DisposeAsync();
        }

        var what = Text($"vector of {profile.Profile.Dimension} stored");
        return (Say("CV adopted and its text read", DatabaseMeter.Median(read), $"64 in a batch, texts one by one; {beside}"),
            Say(what, DatabaseMeter.Median(stored), $"64 in a transaction; {beside}; the wait is the decoder's too"));
    }

    private async Task SizesAsync()
    {
        var items = await _meter.NumberAsync("select count(*) from items");
        _found["--table-bytes-per-item"] = await _meter.NumberAsync("select pg_relation_size('items')") / items;
        _found["--index-bytes-per-item"] = await _meter.NumberAsync("select pg_indexes_size('items')") / items;
        const string Indexes = "select indexrelid::regclass::text from pg_index where indrelid = 'items'::regclass order by 1";
        foreach (var index in await NamesAsync(Indexes))
        {
            var bytes = await _meter.NumberAsync($"select pg_relation_size('{index}')") / items;
            Row(Text($"index {index}"), "", "", "", Text($"{bytes:0} bytes an item"));
        }
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string sql)
    {
        var names = new List<string>();
        await using var command = _database.Source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>Building the index, and what storing costs once it is there.</summary>
    private async Task IndexAsync(ProfileVersion profile, long ingestion)
    {
        var vectors = new VectorStore(_database, profile);
        var there = await _meter.NumberAsync($"select count(*) from {vectors.Vectors}");
        await PutVectorsAsync(vectors, IndexedVectors - (int)there);
        _found["--vector-bytes"] = await _meter.NumberAsync($"select pg_total_relation_size('{vectors.Vectors}')") / IndexedVectors;
        var of = Text($"{IndexedVectors:n0} vectors of {Dimension}");
        var built = await SayAsync("HNSW index built", of, 1, () => vectors.BuildIndexesAsync());
        _found["--hnsw-seconds-per-ten-thousand"] = built.ProcessorMs / 1000;
        _found["--hnsw-bytes"] = await _meter.NumberAsync($"select pg_relation_size('{vectors.Vectors}_cv_hnsw')") / IndexedVectors;
        var (_, stored) = await EmbedAsync(profile, ingestion, 8, Text($"an HNSW index of {IndexedVectors:n0}"));
        _found["--index-ms-per-cv"] = Math.Max(0, stored.ProcessorMs - _found["--commit-ms-per-cv"]);
    }

    private async Task PutVectorsAsync(VectorStore vectors, int count)
    {
        for (var from = 0; from < count; from += 1000)
        {
            var some = Enumerable.Range(from, Math.Min(1000, count - from)).Select(number => new StoredVector("default", DocumentKind.Cv,
                [.. BitConverter.GetBytes((long)number), .. new byte[24]], ScriptedDecoder.Vector([number], 7, Dimension)));
            await _retry.CommitAsync(async (transaction, token) =>
            {
                await vectors.PutAsync(transaction, [.. some], token);
                return true;
            }, default);
        }
    }

    private async Task<DatabaseCost> SayAsync(string what, string of, int times, Func<Task> work, Func<Task>? between = null) =>
        Say(what, await _meter.MedianAsync(times, work, between), of);

    private static DatabaseCost Say(string what, DatabaseCost cost, string of)
    {
        Row(what, Text($"{cost.ProcessorMs:0.000}"), Text($"{cost.Ms:0.000}"), Text($"{cost.LogBytes:n0}"), of);
        return cost;
    }

    private static void Row(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
