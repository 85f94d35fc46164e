using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace RtMatching.Benchmarks;

/// <summary>
/// A server process over made-up CVs: rankings by many clients at once, first alone, then while it ingests. Everything over HTTP.
/// [--clients N] [--cvs N] [--base N] [--words N] [--seconds N]
/// </summary>
internal static class LoadBenchmark
{
    private const string Name = "rtmatch_benchmark_load";
    private const int Clusters = 500;

    // What is left of the ingestion after the clients have gone is measured for so long at most.
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(2);

    private sealed record Phase(string Name, TimeSpan Took, RankingClients? Clients, long Cvs, long PeakBytes, long EndBytes);

    public static async Task<int> RunAsync(string[] args)
    {
        var (clients, cvs) = (Arguments.Number(args, "--clients", 100), Arguments.Number(args, "--cvs", 10_000));
        var (corpus, words) = (Arguments.Number(args, "--base", 2_000), Arguments.Number(args, "--words", 60));
        var time = TimeSpan.FromSeconds(Arguments.Number(args, "--seconds", 45));
        var texts = new MadeUpText(Clusters);
        await using var scratch = await BenchmarkDatabase.CreateAsync(Name);
        await using var server = await ServerUnderLoad.StartAsync(Name);
        var load = new Load(scratch, server, n => texts.Words(n * 7 % Clusters, new Random(3_000_000 + n), words));
        var rows = Enumerable.Range(0, corpus + cvs).Select(i => (Id: $"cv {i}", Text: texts.Words(i % Clusters, new Random(2_000_000 + i), words)));

        var phases = new List<Phase> { await load.IngestAsync($"ingestion of {corpus:N0} CVs alone", rows.Take(corpus), TimeSpan.MaxValue) };
        phases.Add(await load.RankAsync($"{clients} clients rank", clients, time));
        var submission = load.SubmitAsync(rows.Skip(corpus));
        phases.Add(await load.RankAsync($"{clients} clients rank, {cvs:N0} CVs are ingested", clients, time));
        phases.Add(await load.IngestAsync("the rest of that ingestion", submission, Rest));
        Report(phases);
        return 0;
    }

    private static void Report(IReadOnlyList<Phase> phases)
    {
        Console.WriteLine("| phase | seconds | rankings/s | p50 ms | p95 ms | p99 ms | refused (429, 503) | CVs/s | peak MB | end MB |\n|---|---|---|---|---|---|---|---|---|---|");
        foreach (var phase in phases)
        {
            var times = phase.Clients?.Milliseconds ?? [];
            var rankings = times.Count == 0 ? "| | | | |" :
                $"| {times.Count / phase.Took.TotalSeconds:F1} | {At(times, 0.5):F0} | {At(times, 0.95):F0} | {At(times, 0.99):F0} | {phase.Clients!.Refused}";
            Console.WriteLine($"| {phase.Name} | {phase.Took.TotalSeconds:F0} {rankings} | {(phase.Cvs == 0 ? "" : $"{phase.Cvs / phase.Took.TotalSeconds:F1}")} " +
                $"| {phase.PeakBytes >> 20} | {phase.EndBytes >> 20} |");
        }

        foreach (var (status, count) in phases.SelectMany(phase => phase.Clients?.Others ?? new Dictionary<int, int>()))
            Console.WriteLine($"{count} answers were neither a ranking nor a refusal: status {status}");
    }

    private static double At(IReadOnlyList<double> sorted, double share) => sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];

    private sealed class Load(BenchmarkDatabase scratch, ServerUnderLoad server, Func<int, string> query)
    {
        public Task<Phase> IngestAsync(string name, IEnumerable<(string Id, string Text)> rows, TimeSpan longest) =>
            IngestAsync(name, SubmitAsync(rows), longest);

        /// <summary>Until the ingestion has ended, or as long as is waited.</summary>
        public Task<Phase> IngestAsync(string name, Task<Uri> submission, TimeSpan longest) => MeasureAsync(name, null, async () =>
        {
            var until = DateTimeOffset.UtcNow + (longest == TimeSpan.MaxValue ? TimeSpan.FromHours(1) : longest);
            var ingestion = await submission;
            while (DateTimeOffset.UtcNow < until && !await HasEndedAsync(ingestion)) await Task.Delay(200);
        });

        public Task<Phase> RankAsync(string name, int count, TimeSpan time)
        {
            var clients = new RankingClients(server.Client, count, query);
            return MeasureAsync(name, clients, async () =>
            {
                using var until = new CancellationTokenSource(time);
                await clients.RunAsync(until.Token);
            });
        }

        /// <summary>Rows as JSON Lines, streamed; gives where the ingestion is looked at.</summary>
        public async Task<Uri> SubmitAsync(IEnumerable<(string Id, string Text)> rows)
        {
            using var content = new Lines(rows);
            using var response = await server.Client.PostAsync("/v1/ingestions?source=made-up", content);
            if (response.StatusCode != HttpStatusCode.Accepted)
                throw new InvalidOperationException($"The submission was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            return response.Headers.Location!;
        }

        private async Task<bool> HasEndedAsync(Uri ingestion)
        {
            using var summary = JsonDocument.Parse(await server.Client.GetStringAsync(ingestion));
            return summary.RootElement.GetProperty("summary").GetProperty("state").GetString() is not ("pending" or "running");
        }

        private async Task<Phase> MeasureAsync(string name, RankingClients? clients, Func<Task> work)
        {
            Console.Error.WriteLine(name);
            var before = await CountAsync();
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var running = work();
            var peak = server.ResidentBytes;
            while (!running.IsCompleted)
            {
                await Task.WhenAny(running, Task.Delay(250));
                peak = Math.Max(peak, server.ResidentBytes);
            }

            await running;
            var took = watch.Elapsed;
            return new Phase(name, took, clients, await CountAsync() - before, peak, server.ResidentBytes);
        }

        /// <summary>Embedded CVs; none before the first ingestion has made its profile.</summary>
        private async Task<long> CountAsync()
        {
            await using var exists = scratch.Database.Source.CreateCommand("select to_regclass('vectors_1') is not null");
            if (!(bool)(await exists.ExecuteScalarAsync())!) return 0;
            await using var count = scratch.Database.Source.CreateCommand("select count(*) from vectors_1");
            return (long)(await count.ExecuteScalarAsync())!;
        }
    }

    private sealed class Lines : HttpContent
    {
        private readonly IEnumerable<(string Id, string Text)> _rows;

        public Lines(IEnumerable<(string Id, string Text)> rows)
        {
            _rows = rows;
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var (id, text) in _rows)
            {
                await JsonSerializer.SerializeAsync(stream, new { id, text });
                stream.WriteByte((byte)'\n');
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
