using System.Runtime.CompilerServices;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Intake;

/// <summary>
/// What happens around handing in: the key, the ingestion that is opened or taken up again, the work that begins at once, and what is left
/// where the body breaks off.
/// </summary>
internal sealed class Submissions(
    IngestionIntake intake, IngestionRecords records, IdempotencyKeys keys, ProfileStore profiles, IMatchingBackend backend, ServerOptions options)
{
    /// <summary>Of one request: the names of all are remembered, so that two files of one name are noticed.</summary>
    private const int MaxItems = 500_000;

    /// <summary>
    /// A whole submission, or the opening of one in parts. Sent again under its key it is taken up where it was cut off, or answered as
    /// the first time without reading the body.
    /// </summary>
    /// <param name="parameters">What the key stands for besides the body.</param>
    /// <param name="read">The body's items; null where there is no body.</param>
    /// <exception cref="ProblemException">400: nothing in it, or it breaks off. 409: nothing can be added any more.</exception>
    public async Task<IngestionSummary> SubmitAsync(Caller caller, string? key, string parameters, IngestionRequest request, bool open,
        Func<UploadSource, IAsyncEnumerable<SourceItem>>? read, CancellationToken cancellation)
    {
        await using var hold = await RequestKey.TakeAsync(key, keys, caller, "ingestion", parameters, cancellation);
        var id = hold is { Completed: true, SubjectId: { } made }
            ? made
            : await ToldAsync(hold is not null, () => HandInAsync(hold, request, open, read, cancellation), cancellation);
        return await records.FindAsync(id, caller.Tenant, cancellation);
    }

    /// <summary>A further part of an open ingestion, its last one, or only the word that there are no more.</summary>
    /// <inheritdoc cref="SubmitAsync"/>
    public async Task<IngestionSummary> AddAsync(Caller caller, string? key, long id, bool complete,
        Func<UploadSource, IAsyncEnumerable<SourceItem>>? read, CancellationToken cancellation)
    {
        var summary = await records.FindAsync(id, caller.Tenant, cancellation);
        await using var hold = await RequestKey.TakeAsync(key, keys, caller, $"ingestion {id} items", $"{complete}", cancellation);
        if (hold is { Completed: true } || (read is null && complete && summary.Submitted)) return summary;
        if (read is null && !complete) throw Empty();
        await ToldAsync(stays: true, async () =>
        {
            var request = await intake.ReopenAsync(id, caller.Tenant, cancellation);
            await backend.StartIngestionAsync(id, cancellation);        // and again below: it may have found nothing yet
            if (read is not null) await intake.AddAsync(id, Bounded(read(new UploadSource(request, options.Ingestion))), cancellation: cancellation);
            await EndAsync(id, hold, open: !complete, cancellation);
            await backend.StartIngestionAsync(id, cancellation);
            return id;
        }, cancellation);
        return await records.FindAsync(id, caller.Tenant, cancellation);
    }

    private async Task<long> HandInAsync(KeyHold? hold, IngestionRequest request, bool open, Func<UploadSource, IAsyncEnumerable<SourceItem>>? read,
        CancellationToken cancellation)
    {
        if (read is null && !open) throw Empty();

        // Its first item is asked for before anything is made: a body that is none leaves nothing behind.
        var items = read is null ? AsyncEnumerable.Empty<SourceItem>() : Bounded(read(new UploadSource(request, options.Ingestion)));
        await using var body = items.GetAsyncEnumerator(cancellation);
        var some = await body.MoveNextAsync();
        if (!some && read is not null) throw Empty();
        var id = await OpenAsync(hold, request, cancellation);
        try
        {
            await backend.StartIngestionAsync(id, cancellation);        // and again below: it may have found nothing yet
            if (some) await intake.AddAsync(id, FromHere(body), cancellation: cancellation);
            await EndAsync(id, hold, open, cancellation);
            await backend.StartIngestionAsync(id, cancellation);
        }
        catch when (hold is null && !open)
        {
            await intake.AbandonAsync(id);      // nobody knows its number
            throw;
        }

        return id;
    }

    private async Task<long> OpenAsync(KeyHold? hold, IngestionRequest request, CancellationToken cancellation)
    {
        if (hold?.SubjectId is { } cut)
        {
            await intake.ReopenAsync(cut, request.Tenant, cancellation);
            return cut;
        }

        // Any other name would be a new profile with tables of its own for each slip of the pen.
        if (request.Profile != TaskProfile.DefaultName && await profiles.FindActiveAsync(request.Profile, cancellation) is null)
            throw ProblemException.NotFound("There is no such profile: GET /v1/profiles lists them, PUT /v1/profiles/{name} makes one.");
        return await intake.OpenAsync(request, hold, cancellation);
    }

    private Task EndAsync(long id, KeyHold? hold, bool open, CancellationToken cancellation)
    {
        if (!open) return intake.CompleteAsync(id, hold, cancellation);
        return hold is null ? Task.CompletedTask : intake.CompletePartAsync(id, hold, cancellation);
    }

    /// <summary>Tells what can go wrong on the way in as the client's or the moment's, and what to do about it.</summary>
    private static async Task<long> ToldAsync(bool stays, Func<Task<long>> handIn, CancellationToken cancellation)
    {
        try
        {
            return await handIn();
        }
        catch (IOException e) when (e is not BadHttpRequestException { StatusCode: not StatusCodes.Status400BadRequest })
        {
            throw ProblemException.BadRequest("The body breaks off, or is not of the form that its Content-Type says. What came before is kept; " + (stays
                ? "send the request again, with the same Idempotency-Key if it had one, and it is taken up again."
                : "send the request again, best with an Idempotency-Key, under which it would be taken up again."));
        }
        catch (InvalidOperationException e)
        {
            throw ProblemException.Conflict(e.Message);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw ProblemException.Conflict(e.Message);
        }
    }

    private static async IAsyncEnumerable<SourceItem> Bounded(
        IAsyncEnumerable<SourceItem> items, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var count = 0;
        await foreach (var item in items.WithCancellation(cancellation))
        {
            if (++count > MaxItems)
            {
                throw new ProblemException(StatusCodes.Status413PayloadTooLarge, "Too many at once.",
                    $"At most {MaxItems:N0} files and rows are taken in one request: open an ingestion with open=true and send them in parts.");
            }

            yield return item;
        }
    }

    /// <summary>The item that the enumerator stands at, and all after it.</summary>
    private static async IAsyncEnumerable<SourceItem> FromHere(IAsyncEnumerator<SourceItem> items)
    {
        do yield return items.Current;
        while (await items.MoveNextAsync());
    }

    private static ProblemException Empty() =>
        ProblemException.BadRequest("The body is empty: send files or rows. Only open=true and complete=true may come without.");
}
