using System.Buffers.Binary;

namespace RtMatching.Core.Documents;

/// <summary>
/// What goes between parser and worker: frames of a little-endian 32-bit length and that many bytes. The parser sends its limits
/// (JSON) first; the worker greets; then each frame in is a document, and each frame out its <see cref="WorkerAnswer"/> (JSON).
/// </summary>
internal static class WorkerFrames
{
    public static ReadOnlySpan<byte> Greeting => "rtmatch parse-worker 1"u8;

    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, frame.Length);
        await stream.WriteAsync(length, cancellation);
        await stream.WriteAsync(frame, cancellation);
        await stream.FlushAsync(cancellation);
    }

    /// <summary>The next frame, or null where the other side has closed the stream.</summary>
    /// <exception cref="InvalidDataException">A length below zero or above the limit: the other side does not speak this protocol.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int maxLength, CancellationToken cancellation)
    {
        var length = new byte[4];
        var read = await stream.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, cancellation);
        if (read < 4) return null;
        var size = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (size < 0 || size > maxLength) throw new InvalidDataException($"a frame of {size} bytes; at most {maxLength} are expected");
        var frame = new byte[size];
        return await stream.ReadAtLeastAsync(frame, size, throwOnEndOfStream: false, cancellation) == size ? frame : null;
    }
}

/// <summary>A worker's answer: the parsed document, or the name of what this machine lacks.</summary>
internal sealed record WorkerAnswer(ParsedDocument? Document, string? MissingTool);
