using System.Text.Json;
using System.Text.Json.Serialization;

namespace RtMatching.Core.Documents;

/// <summary>The child process's side of <see cref="DocumentParser"/>: reads documents from one stream, answers on the other.</summary>
public static class ParseWorker
{
    /// <summary>Exit code of a worker that stopped itself: its parent is gone, or did not stop it in time.</summary>
    private const int Abandoned = 3;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Parses until <paramref name="input"/> ends. Run it in a process of its own, first thing in Main, with nothing else
    /// writing to standard output: <c>if (args is ["parse-worker"]) return await ParseWorker.RunAsync(...)</c>.
    /// </summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Stream input, Stream output, CancellationToken cancellation = default)
    {
        if (await WorkerFrames.ReadAsync(input, 64 * 1024, cancellation) is not { } settings) return 0;
        var limits = JsonSerializer.Deserialize(settings, WorkerJson.Default.DocumentLimits)!;
        await WorkerFrames.WriteAsync(output, WorkerFrames.Greeting.ToArray(), cancellation);
        while (await WorkerFrames.ReadAsync(input, limits.MaxBytes, cancellation) is { } bytes)
        {
            using var watchdog = new Timer(_ => Environment.Exit(Abandoned), null, limits.Timeout + Grace, Timeout.InfiniteTimeSpan);
            var answer = Answer(bytes, limits);
            await WorkerFrames.WriteAsync(output, JsonSerializer.SerializeToUtf8Bytes(answer, WorkerJson.Default.WorkerAnswer), cancellation);
        }
        return 0;
    }

    private static WorkerAnswer Answer(byte[] bytes, DocumentLimits limits)
    {
        try
        {
            return new WorkerAnswer(DocumentReading.Read(bytes, limits), null);
        }
        catch (DocumentToolMissingException missing)
        {
            return new WorkerAnswer(null, missing.Message);
        }
        catch (OutOfMemoryException)
        {
            return new WorkerAnswer(OutOfMemory(limits), null);
        }
        catch (Exception unexpected)
        {
            // A parsing library met bytes that its authors did not think of. The type tells us; the message could quote the text.
            return new WorkerAnswer(ParsedDocument.Unusable(
                DocumentOutcome.Corrupt, DocumentFormat.Unknown, $"the file is damaged ({unexpected.GetType().Name}); save or export it again"), null);
        }
    }

    internal static ParsedDocument OutOfMemory(DocumentLimits limits) => ParsedDocument.Unusable(
        DocumentOutcome.TooLarge, DocumentFormat.Unknown, $"the parser ran out of memory ({limits.MaxMemoryBytes / (1024 * 1024)} MB)");
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(DocumentLimits))]
[JsonSerializable(typeof(WorkerAnswer))]
internal sealed partial class WorkerJson : JsonSerializerContext;
