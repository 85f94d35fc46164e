using System.Globalization;
using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Reports;

/// <summary>How a trace was made.</summary>
/// <param name="Threshold">A relative change below it counts as having stopped.</param>
internal sealed record TraceHead(string Model, string Pooling, int Iterations, float Threshold, DateTimeOffset Made);

/// <summary>Traces as rows of a table and as JSON.</summary>
internal static class TraceText
{
    public static readonly IReadOnlyList<string> Header =
        ["k", "cosine", "change", "second change", "entropy", "first token", "memory", "end", "most attended"];

    public static IReadOnlyList<string> ManyHeader(TraceHead head) =>
        ["k", "texts", $"stopped (< {Number(head.Threshold)})", "cosine", "change", "second change", "entropy", "first token", "memory", "end"];

    public static IReadOnlyList<string> Row(TracedText text, TracedPass pass, int top) =>
    [
        Number(pass.K), .. Moved(pass.K, pass.Trace.Cosine, pass.Trace.RelativeChange, pass.Trace.SecondChange), Number(pass.Trace.AttentionEntropy, "0.000"),
        Percent(pass.Trace.FirstTokenShare), pass.MemoryPosition is null ? "" : Percent(pass.MemoryShare), Percent(pass.EndShare),
        string.Join(", ", MostAttended(pass, top).Select(position => $"{Name(text, pass, position)} @{Number(position)} {Percent(pass.Attention[position])}")),
    ];

    /// <summary>Means, with the quartiles in brackets.</summary>
    public static IReadOnlyList<string> Row(PassStatistics pass) =>
    [
        Number(pass.K), Number(pass.Texts), Number(pass.Stopped),
        pass.K > 1 ? Spread(pass.Cosine, "0.0000") : "", pass.K > 1 ? Spread(pass.RelativeChange, "0.0000") : "", pass.K > 2 ? Spread(pass.SecondChange, "0.0000") : "",
        Spread(pass.AttentionEntropy, "0.00"), Spread(pass.FirstTokenShare, "0.000"), pass.K > 1 ? Spread(pass.MemoryShare, "0.000") : "", Spread(pass.EndShare, "0.000"),
    ];

    /// <summary>Positions by falling attention.</summary>
    public static IEnumerable<int> MostAttended(TracedPass pass, int top) =>
        Enumerable.Range(0, pass.Attention.Count).OrderByDescending(position => pass.Attention[position]).Take(top);

    /// <summary>What stands at a position of a pass: the token's text in quotes, or which of the two tokens it is that are no text.</summary>
    public static string Name(TracedText text, TracedPass pass, int position) =>
        position == pass.MemoryPosition ? "[memory]"
        : position == pass.Attention.Count - 1 ? $"[end {Quoted(text.Tokens[^1].Text)}]"
        : text.Tokens[position].Text is { Length: > 0 } own ? Quoted(own)
        : $"rest of {Quoted(text.Tokens.Take(position).LastOrDefault(token => token.Text.Length > 0)?.Text ?? "")}";     // several tokens share a character

    public static object Json(TraceHead head, TracedText text, int top) => new
    {
        head.Model, head.Pooling, head.Iterations,
        Tokens = text.Tokens.Select((token, position) => new { position, token.Id, token.Text }),
        text.Truncated,
        Passes = text.Passes.Select(pass => new
        {
            pass.K, pass.Trace.Cosine, pass.Trace.RelativeChange, pass.Trace.SecondChange, pass.Trace.AttentionEntropy, pass.Trace.FirstTokenShare,
            pass.MemoryShare, pass.EndShare, pass.MemoryPosition,
            MostAttended = MostAttended(pass, top).Select(position => new { position, Token = Name(text, pass, position), Share = pass.Attention[position] }),
            pass.Attention,
        }),
    };

    public static object Json(TraceHead head, TraceStatistics statistics) =>
        new { head.Model, head.Pooling, head.Iterations, head.Threshold, statistics.Texts, statistics.Tokens, statistics.Truncated, statistics.Passes };

    public static string Percent(float share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    public static string Number(double value, string format = "0.####") => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Pass 1 has nothing to be compared with, and pass 2 no step before its own.</summary>
    private static IEnumerable<string> Moved(int k, float cosine, float change, float second) =>
        [k > 1 ? Number(cosine, "0.00000") : "", k > 1 ? Number(change, "0.0000") : "", k > 2 ? Number(second, "0.0000") : ""];

    private static string Spread(Spread spread, string format) =>
        $"{Number(spread.Mean, format)} [{Number(spread.LowerQuartile, format)}, {Number(spread.UpperQuartile, format)}]";

    private static string Quoted(string text) => $"\"{text}\"";
}
