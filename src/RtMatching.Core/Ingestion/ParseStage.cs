using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Ingestion;

/// <summary>From a content's bytes to its text: queued items become parsed or rejected.</summary>
internal sealed class ParseStage(
    DatabaseRetry database, WorkQueue queue, Func<ReadOnlyMemory<byte>, CancellationToken, Task<ParsedDocument>> parse,
    IngestionOptions options)
{
    // Loops that come upon the same content wait for each other instead of parsing it twice.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _contents = new();

    /// <summary>Parses the next few items; false where none waits.</summary>
    public async Task<bool> StepAsync(long ingestionId, CancellationToken cancellation)
    {
        await using var lease = await queue.ClaimAsync(ItemStage.Queued, ingestionId, options.ParseBatch, cancellation);
        if (lease is null) return false;
        await RunAsync(lease, cancellation);
        return true;
    }

    /// <summary>Parses what the lease holds, content by content, each committed on its own.</summary>
    public async Task RunAsync(Lease lease, CancellationToken cancellation)
    {
        foreach (var twins in lease.Items.GroupBy(item => item.Content))
        {
            var gate = _contents.GetOrAdd(twins.Key, _ => new SemaphoreSlim(1));
            await gate.WaitAsync(cancellation);
            try
            {
                await ParseAsync(lease, [.. twins], cancellation);
            }
            finally
            {
                gate.Release();
                _contents.TryRemove(twins.Key, out _);
            }
        }
    }

    private async Task ParseAsync(Lease lease, IReadOnlyList<LeasedItem> twins, CancellationToken cancellation)
    {
        try
        {
            await ItemWork.RunAsync(ItemWork.Parse, twins, work => ParseAsync(lease, twins, work, cancellation));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && !IsSetUp(e) && DatabaseRetry.IsItsOwn(e))
        {
            foreach (var item in twins) await queue.FailAsync(lease, item, DatabaseRetry.Reason("Parsing", e), cancellation);
        }
    }

    private async Task ParseAsync(Lease lease, IReadOnlyList<LeasedItem> twins, ItemWork work, CancellationToken cancellation)
    {
        if (await FindAsync(twins[0], cancellation) is { } known)
            await CommitAsync(lease, twins, known.Outcome, known.Detail, parsed: null, work, cancellation);
        else if (await BytesAsync(twins[0], cancellation) is { } bytes)
        {
            var parsed = await parse(bytes, cancellation);
            await CommitAsync(lease, twins, Outcomes.Of(parsed.Outcome), parsed.Detail, parsed, work, cancellation);
        }

        // No bytes: the document was deleted, and its items with it.
    }

    /// <summary>Parsing cannot work here for any document: stop and say so, rather than give up on one document after another.</summary>
    private static bool IsSetUp(Exception e) => e is DocumentToolMissingException or InvalidOperationException;

    /// <summary>What an earlier parse of the same content gave; null where there was none.</summary>
    private Task<(string Outcome, string? Detail)?> FindAsync(LeasedItem item, CancellationToken cancellation) =>
        database.RunAsync<(string, string?)?>(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                select outcome, detail from texts where tenant = @tenant and content_hash = @hash and preparation = @preparation
                """, connection);
            Bind(command, item);
            await using var reader = await command.ExecuteReaderAsync(token);
            return await reader.ReadAsync(token) ? (reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1)) : null;
        }, cancellation);

    private Task<byte[]?> BytesAsync(LeasedItem item, CancellationToken cancellation) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("select bytes from contents where tenant = @tenant and hash = @hash", connection);
            Bind(command, item);
            return (byte[]?)await command.ExecuteScalarAsync(token);
        }, cancellation);

    private async Task CommitAsync(
        Lease lease, IReadOnlyList<LeasedItem> twins, string outcome, string? detail, ParsedDocument? parsed, ItemWork work,
        CancellationToken cancellation)
    {
        var ids = twins.Select(item => item.Id).ToArray();
        var to = outcome == Outcomes.Ok ? ItemStage.Parsed : ItemStage.Rejected;
        IReadOnlyList<long> ended = [];
        await database.CommitAsync(async (transaction, token) =>
        {
            ended = await WorkQueue.AdvanceAsync(transaction, lease, ids, to, outcome, detail, token);
            if (ended.Count == 0) return false;         // the lease was lost: whoever has it now stores the text
            if (parsed is not null) await StoreAsync(transaction, twins[0], parsed, token);
            return true;
        }, cancellation);
        lease.Drop(ids);
        work.End(outcome, ended);
    }

    private static async Task StoreAsync(
        NpgsqlTransaction transaction, LeasedItem item, ParsedDocument parsed, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"""
            insert into texts (tenant, content_hash, preparation, outcome, format, detail, language, body, sections, search)
            values (@tenant, @hash, @preparation, @outcome, @format, @detail, @language, @body, @sections::jsonb,
                to_tsvector('{FullText.Configuration}', @search))
            on conflict do nothing
            """, transaction.Connection, transaction);
        Bind(command, item);
        var isOk = parsed.Outcome == DocumentOutcome.Ok;
        command.Parameters.AddWithValue("outcome", Outcomes.Of(parsed.Outcome));
        command.Parameters.AddWithValue("format", Outcomes.Of(parsed.Format));
        command.Parameters.Add(Sql.Text("detail", parsed.Detail));
        command.Parameters.Add(Sql.Text("language", isOk ? TextPreparation.Language(parsed.Text) : null));
        command.Parameters.AddWithValue("body", parsed.Text);
        command.Parameters.AddWithValue("sections", Sections(parsed));
        command.Parameters.AddWithValue("search", isOk ? FullText.Prepare(TextPreparation.Redact(parsed.Text)) : "");
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static string Sections(ParsedDocument parsed) => JsonSerializer.Serialize(parsed.Sections.Select(section => new
    {
        kind = section.Kind.ToString().ToLowerInvariant(),
        start = section.Start,
        length = section.Length,
    }));

    private static void Bind(NpgsqlCommand command, LeasedItem item)
    {
        command.Parameters.AddWithValue("tenant", item.Tenant);
        command.Parameters.AddWithValue("hash", item.ContentHash);
        command.Parameters.AddWithValue("preparation", TextPreparation.Version);
    }
}
