using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RtMatching.Cli.Output;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Input;

/// <summary>Stop rules as a command line names them, and the files that hold what no command line could.</summary>
internal static class StopRuleText
{
    /// <summary>Far above the largest rule: what is longer is another file.</summary>
    private const long MaxFileBytes = 1 << 20;

    private const string Forms = "change:0.03, second-change:0.03, learned:FILE.json or none";

    private static readonly JsonSerializerOptions Json = new(JsonOutput.Options)
    {
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    /// <summary><c>--stop</c>; null where it is not given, <see cref="NeverStops"/> for <c>none</c>.</summary>
    public static Option<StopRule?> Option() => new("--stop")
    {
        Description = $"Ends single texts before all passes: {Forms}.",
        HelpName = "RULE",
        CustomParser = result =>
        {
            try
            {
                return Parse(result.Tokens[0].Value);
            }
            catch (ArgumentException exception)
            {
                result.AddError($"--stop {result.Tokens[0].Value}: {exception.Message}");
                return null;
            }
        },
    };

    /// <summary>As <c>--stop</c> takes it; of a learned rule, which no line could hold, how near it comes.</summary>
    public static string Name(StopRule rule) => rule switch
    {
        StableChange change => string.Create(CultureInfo.InvariantCulture, $"change:{change.Threshold}"),
        StableSecondChange change => string.Create(CultureInfo.InvariantCulture, $"second-change:{change.Threshold}"),
        LearnedPasses learned => string.Create(CultureInfo.InvariantCulture, $"learned (epsilon {learned.Epsilon})"),
        _ => "none",
    };

    /// <exception cref="ArgumentException">It is no rule, or its file holds none; the message tells the remedy.</exception>
    public static StopRule Parse(string text)
    {
        var (kind, value) = text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);
        StopRule rule = (kind.ToLowerInvariant(), value) switch
        {
            ("none", null) => new NeverStops(),
            ("change", { } threshold) => new StableChange(Threshold(threshold)),
            ("second-change", { } threshold) => new StableSecondChange(Threshold(threshold)),
            ("learned", { Length: > 0 } path) => Read(path),
            _ => throw new ArgumentException($"not one of {Forms}"),
        };
        rule.Validate();
        return rule;
    }

    /// <summary>The rule that <see cref="Write"/> put into a file.</summary>
    /// <exception cref="ArgumentException">The file cannot be read or holds no rule.</exception>
    public static StopRule Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            if (file.Length > MaxFileBytes) throw new ArgumentException($"{path} has {file.Length:N0} bytes; a stop rule has a few thousand. Name the file that `rtmatch tune` wrote");
            return JsonSerializer.Deserialize<StopRule>(file, Json) ?? throw NoRule(path);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)   // the latter where "rule" is missing
        {
            throw NoRule(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{path} cannot be read: {exception.Message}");
        }
    }

    public static void Write(string path, StopRule rule) => AtomicFile.Write((path, stream => JsonSerializer.Serialize(stream, rule, Json)));

    private static float Threshold(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var threshold) ? threshold : throw new ArgumentException($"'{text}' is no number");

    private static ArgumentException NoRule(string path) => new($"{path} holds no stop rule; name the file that `rtmatch tune` wrote");
}
