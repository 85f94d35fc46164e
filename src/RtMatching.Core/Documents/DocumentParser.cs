using System.Collections.Concurrent;

namespace RtMatching.Core.Documents;

/// <summary>
/// Bytes of an unknown file to text, in child processes that can be killed: a file that crashes, hangs or exhausts its parser
/// costs one worker, and the next file gets a fresh one. Safe for concurrent use.
/// </summary>
public sealed class DocumentParser : IAsyncDisposable
{
    /// <summary>A worker may die of something other than its document (the kernel short of memory): one more try tells.</summary>
    private const int Attempts = 2;

    private readonly DocumentParserOptions _options;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentBag<WorkerProcess> _idle = [];
    private volatile bool _disposed;

    public DocumentParser(DocumentParserOptions? options = null)
    {
        _options = options ?? new DocumentParserOptions();
        _free = new SemaphoreSlim(_options.Workers);
    }

    public DocumentParserOptions Options => _options;

    /// <summary>Recognises the format by content, reads the text, cuts it into sections. Never throws for bad input.</summary>
    /// <exception cref="DocumentToolMissingException">A program that the format needs is not installed; the message names the remedy.</exception>
    /// <exception cref="InvalidOperationException">The worker command cannot be started.</exception>
    public async Task<ParsedDocument> ParseAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (bytes.Length > _options.Limits.MaxBytes)
            return ParsedDocument.Unusable(DocumentOutcome.TooLarge, DocumentFormat.Unknown, DocumentReading.TooManyBytes(_options.Limits));
        await _free.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            for (var attempt = 1; ; attempt++)
                if (await TryParseAsync(bytes, attempt == Attempts, cancellation) is { } parsed) return parsed;
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Null where the worker died and it is worth another try.</summary>
    private async Task<ParsedDocument?> TryParseAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellation)
    {
        WorkerProcess? worker = null;
        if (last || !_idle.TryTake(out worker))
            worker = await WorkerProcess.StartAsync(_options.WorkerCommand, _options.Limits, cancellation);
        var healthy = false;
        try
        {
            var answer = await worker.ParseAsync(bytes, cancellation);
            healthy = answer is not null;
            if (answer?.MissingTool is { } missing) throw new DocumentToolMissingException(missing);
            return answer?.Document ?? OfDeadWorker(worker, last);
        }
        catch (TimeoutException)
        {
            return ParsedDocument.Unusable(DocumentOutcome.TooLarge, DocumentFormat.Unknown,
                $"the parser ran out of time ({_options.Limits.Timeout.TotalSeconds:0.#} s)");
        }
        finally
        {
            PutBack(worker, healthy);
        }
    }

    private ParsedDocument? OfDeadWorker(WorkerProcess worker, bool last)
    {
        if (worker.RanOutOfMemory()) return ParseWorker.OutOfMemory(_options.Limits);
        return last
            ? ParsedDocument.Unusable(DocumentOutcome.Corrupt, DocumentFormat.Unknown, "the parser crashed on this file; save or export it again")
            : null;
    }

    private void PutBack(WorkerProcess worker, bool healthy)
    {
        if (healthy && !_disposed && worker.DocumentsParsed < _options.DocumentsPerWorker) _idle.Add(worker);
        else worker.Dispose();
    }

    /// <summary>Ends the workers; documents being parsed are let finish.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        for (var i = 0; i < _options.Workers; i++) await _free.WaitAsync();
        while (_idle.TryTake(out var worker)) worker.Dispose();
        _free.Release(_options.Workers);
    }
}
