using System.Globalization;
using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Reports;

/// <summary>A trace as one self-contained page: the text coloured by attention, pass by pass, and curves over the passes.</summary>
internal static class TracePage
{
    private const string Kicker = "Refined Thought, pass by pass";

    public static void Write(TextWriter page, TraceHead head, TracedText text)
    {
        ReportPage.Begin(page, Kicker, Title(text), Style);
        ReportPage.Note(page, $"{Made(head)}. {text.Tokens.Count} tokens{(text.Truncated ? ", cut to fit the model's window" : "")}.");
        ReportPage.Note(page, "The colour is the end token's attention in the last layer; the strongest of a pass is on the token that has most of it. Point at a token for its share.");
        foreach (var pass in text.Passes) Write(page, text, pass);
        page.WriteLine("<h2>Over the passes</h2>");
        foreach (var chart in Charts(text.Passes)) chart.Write(page);
        ReportPage.Table(page, TraceText.Header, text.Passes.Select(pass => TraceText.Row(text, pass, 3)));
        ReportPage.End(page);
    }

    /// <param name="source">Where the texts came from: the file's name.</param>
    public static void Write(TextWriter page, TraceHead head, string source, TraceStatistics statistics)
    {
        ReportPage.Begin(page, Kicker, $"{statistics.Texts} texts of {source}", Style);
        ReportPage.Note(page, $"{Made(head)}. {statistics.Tokens.ToString("N0", CultureInfo.InvariantCulture)} tokens in pass 1{(statistics.Truncated > 0 ? $"; {statistics.Truncated} texts were cut" : "")}.");
        ReportPage.Note(page, "Lines are means and medians over the texts, the band runs from the lower to the upper quartile.");
        var passes = statistics.Passes;
        foreach (var chart in Charts(head, statistics.Texts, passes)) chart.Write(page);
        ReportPage.Table(page, TraceText.ManyHeader(head), passes.Select(TraceText.Row));
        ReportPage.End(page);
    }

    private static void Write(TextWriter page, TracedText text, TracedPass pass)
    {
        page.WriteLine($"<section class=\"card\"><h3>Pass {pass.K}</h3>");
        ReportPage.Note(page, Facts(pass));
        page.Write("<p class=\"tokens\">");
        var pieces = Pieces(text, pass);
        var most = pieces.Max(piece => piece.Share);
        foreach (var piece in pieces) WritePiece(page, piece, most);
        page.WriteLine("</p></section>");
    }

    /// <summary>The pass's tokens in order; those that share a character are one piece.</summary>
    private static List<Piece> Pieces(TracedText text, TracedPass pass)
    {
        var pieces = new List<Piece>(pass.Attention.Count);
        for (var position = 0; position < pass.Attention.Count; position++)
        {
            var isText = position < text.Tokens.Count - 1;
            var shown = position == pass.MemoryPosition ? "memory" : isText ? text.Tokens[position].Text : $"end {text.Tokens[^1].Text}";
            if (isText && shown.Length == 0 && pieces.Count > 0)
                pieces[^1] = pieces[^1] with { Last = position, Share = pieces[^1].Share + pass.Attention[position] };
            else
                pieces.Add(new Piece(position, position, shown, isText, pass.Attention[position]));
        }

        return pieces;
    }

    private static void WritePiece(TextWriter page, Piece piece, float most)
    {
        // The square root: one token often takes nearly all, and the others would all look alike.
        var depth = Math.Sqrt(piece.Share / most).ToString("0.###", CultureInfo.InvariantCulture);
        var where = piece.First == piece.Last ? $"position {piece.First}" : $"positions {piece.First} to {piece.Last}";
        var kind = piece.IsText ? "" : " class=\"extra\"";
        page.Write($"<span{kind} style=\"--a:{depth}\" title=\"{where}: {TraceText.Percent(piece.Share)}\">{ReportPage.Text(piece.Text)}</span>");
    }

    private static string Facts(TracedPass pass)
    {
        var moved = pass.K == 1 ? "" : $"cosine to the pass before {TraceText.Number(pass.Trace.Cosine, "0.00000")}, change {TraceText.Number(pass.Trace.RelativeChange, "0.0000")}; ";
        var memory = pass.MemoryPosition is null ? "" : $", on the memory token {TraceText.Percent(pass.MemoryShare)}";
        return $"{moved}entropy {TraceText.Number(pass.Trace.AttentionEntropy, "0.00")}; attention on the first token {TraceText.Percent(pass.Trace.FirstTokenShare)}{memory}, on the end token itself {TraceText.Percent(pass.EndShare)}";
    }

    private static IEnumerable<LineChart> Charts(IReadOnlyList<TracedPass> passes)
    {
        yield return new LineChart("Change of the embedding", "k", "relative to its length",
            [Line("change", passes, 2, pass => pass.Trace.RelativeChange), Line("second change", passes, 3, pass => pass.Trace.SecondChange)], yFrom: 0);
        yield return new LineChart("Cosine to the pass before", "k", "cosine", [Line("cosine", passes, 2, pass => pass.Trace.Cosine)], yTo: 1);
        yield return new LineChart("Where the attention goes", "k", "share of attention",
        [
            Line("first token", passes, 1, pass => pass.Trace.FirstTokenShare), Line("memory token", passes, 2, pass => pass.MemoryShare),
            Line("end token", passes, 1, pass => pass.EndShare),
        ], yFrom: 0);
        yield return new LineChart("Entropy of the attention", "k", "nats", [Line("entropy", passes, 1, pass => pass.Trace.AttentionEntropy)], yFrom: 0);
    }

    private static IEnumerable<LineChart> Charts(TraceHead head, int texts, IReadOnlyList<PassStatistics> passes)
    {
        yield return new LineChart("Change of the embedding", "k", "relative to its length", Spread(passes, 2, pass => pass.RelativeChange), yFrom: 0);
        yield return new LineChart("Cosine to the pass before", "k", "cosine", Spread(passes, 2, pass => pass.Cosine), yTo: 1);
        yield return new LineChart($"Texts whose change has fallen below {TraceText.Number(head.Threshold)}", "k", "texts", [Line("texts", passes, 1, pass => pass.Stopped)], yFrom: 0, yTo: texts);
        yield return new LineChart("Where the attention goes, means", "k", "share of attention",
        [
            Line("first token", passes, 1, pass => pass.FirstTokenShare.Mean), Line("memory token", passes, 2, pass => pass.MemoryShare.Mean),
            Line("end token", passes, 1, pass => pass.EndShare.Mean),
        ], yFrom: 0);
        yield return new LineChart("Attention on the first token", "k", "share of attention", Spread(passes, 1, pass => pass.FirstTokenShare), yFrom: 0);
        yield return new LineChart("Entropy of the attention", "k", "nats", Spread(passes, 1, pass => pass.AttentionEntropy), yFrom: 0);
    }

    private static IReadOnlyList<ChartSeries> Spread(IReadOnlyList<PassStatistics> passes, int first, Func<PassStatistics, Spread> figure) =>
    [
        Line("mean", passes, first, pass => figure(pass).Mean),
        new ChartSeries("median and quartiles", [.. passes.Skip(first - 1).Select(pass => new ChartPoint(pass.K, figure(pass).Median, figure(pass).LowerQuartile, figure(pass).UpperQuartile))]),
    ];

    private static ChartSeries Line(string name, IReadOnlyList<TracedPass> passes, int first, Func<TracedPass, float> figure) =>
        new(name, [.. passes.Skip(first - 1).Select(pass => new ChartPoint(pass.K, figure(pass)))]);

    private static ChartSeries Line(string name, IReadOnlyList<PassStatistics> passes, int first, Func<PassStatistics, double> figure) =>
        new(name, [.. passes.Skip(first - 1).Select(pass => new ChartPoint(pass.K, figure(pass)))]);

    private static string Made(TraceHead head) =>
        $"{head.Made.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}, model {head.Model}, pooling {head.Pooling}, up to {head.Iterations} passes";

    /// <summary>The text's beginning.</summary>
    private static string Title(TracedText text)
    {
        const int Longest = 80;
        var whole = string.Concat(text.Tokens.SkipLast(1).Select(token => token.Text)).Trim();
        var end = Math.Min(whole.Length, Longest);
        if (end > 0 && end < whole.Length && char.IsHighSurrogate(whole[end - 1])) end--;
        return end < whole.Length ? whole[..end] + "\u2026" : whole.Length > 0 ? whole : "(no text)";
    }

    private sealed record Piece(int First, int Last, string Text, bool IsText, float Share);

    private const string Style = """
        .card { margin: 1rem 0; padding: .9rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; } h3 { margin: 0; font-size: 1rem; }
        .tokens { margin: .4rem 0 0; line-height: 1.9; white-space: pre-wrap; overflow-wrap: anywhere; }
        .tokens span { padding: .12em 0; border-radius: .2em; background: color-mix(in srgb, var(--accent) calc(var(--a) * 62%), transparent); }
        .tokens .extra { margin-left: .5em; padding: .12em .45em; border: 1px solid var(--line); font-size: .85em; }
        .figures td:last-child { text-align: left; }

        """;
}
