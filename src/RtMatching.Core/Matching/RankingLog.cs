using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>A bulk run's output: one JSON line for each job, only ever appended to.</summary>
internal sealed class RankingLog : IDisposable
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Of every line that Line makes.
    private const string LineStart = "{\"job\":";

    private readonly FileStream _stream;
    private readonly HashSet<string> _keys;

    private RankingLog(FileStream stream, HashSet<string> keys) => (_stream, _keys) = (stream, keys);

    /// <summary>Opens or creates the file, for this process alone, and cuts off a last line that a crash left unfinished.</summary>
    /// <exception cref="InvalidLineException">A line is not of a bulk run; the message gives its number.</exception>
    public static RankingLog Open(string path)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var keys = ReadKeys(stream, path, EndOfLastLine(stream));
            stream.Seek(0, SeekOrigin.End);
            return new RankingLog(stream, keys);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>False where the file has a line of this key.</summary>
    public bool Add(string key) => _keys.Add(key);

    /// <summary>False where the file has this line already, or one of the same key.</summary>
    /// <exception cref="InvalidLineException">The line is not of a bulk run.</exception>
    public bool AddLine(string line) =>
        Add(Key(line) ?? throw new InvalidLineException("A line that came is not of a bulk ranking: is the server of another version?"));

    /// <summary>On disk when it returns.</summary>
    public void Append(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0) return;
        _stream.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        _stream.Flush(flushToDisk: true);
    }

    public static string Line(string job, string key, ProfileVersion profile, IReadOnlyList<RankedDocument> candidates) =>
        JsonSerializer.Serialize(new
        {
            job,
            profile = profile.Profile.Name,
            profileVersion = profile.Version,
            candidates = candidates.Select(place => new
            {
                place.Rank, id = place.DocumentId, place.ExternalId, alsoAs = place.AlsoAs.Count > 0 ? place.AlsoAs : null,
                score = Math.Round(place.Score, 6), similarity = Rounded(place.Similarity), textRank = Rounded(place.TextRank),
            }),
            key,
        }, Options);

    /// <summary>In place of the line of a job that could not be ranked.</summary>
    public static string ProblemLine(string job, string problem) => JsonSerializer.Serialize(new { job, problem }, Options);

    public void Dispose() => _stream.Dispose();

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 6) : null;

    /// <summary>Just after the last line end; 0 where there is none.</summary>
    private static long EndOfLastLine(FileStream stream)
    {
        var buffer = new byte[64 * 1024];
        for (var end = stream.Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            stream.Position = start;
            var block = buffer.AsSpan(0, (int)(end - start));
            stream.ReadExactly(block);
            if (block.LastIndexOf((byte)'\n') is >= 0 and var found) return start + found + 1;
            end = start;
        }

        return 0;
    }

    /// <summary>The keys of the whole lines; then cuts off what follows them. Nothing is cut from a file that is not of a bulk run.</summary>
    private static HashSet<string> ReadKeys(FileStream stream, string path, long end)
    {
        var keys = new HashSet<string>();
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        stream.Position = 0;
        var read = 0L;
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var whole = read < end;
            if (whole && Key(line) is { } key) keys.Add(key);
            else if (whole || !IsTorn(line)) throw new InvalidLineException(
                $"{path}, line {number} is not of a bulk ranking. Name another output file, or move this one away.");
            read += Encoding.UTF8.GetByteCount(line) + 1;
        }

        stream.SetLength(end);
        return keys;
    }

    private static bool IsTorn(string line) =>
        line.StartsWith(LineStart, StringComparison.Ordinal) || LineStart.StartsWith(line, StringComparison.Ordinal);

    private static string? Key(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("key").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
