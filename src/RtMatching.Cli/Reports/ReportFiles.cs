using System.Text;
using System.Text.Json;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Reports;

/// <summary>What <c>eval</c> and <c>tune</c> leave behind: JSON for programs, CSV for spreadsheets, one HTML page for people.</summary>
internal static class ReportFiles
{
    private static readonly string[] Extensions = [".json", ".csv", ".html"];

    /// <summary>Whole or not at all; a report that lies there is replaced once the new one is whole.</summary>
    /// <param name="path"><c>report</c> gives report.json, report.csv and report.html; with one of these extensions that file alone.</param>
    /// <returns>The paths written.</returns>
    public static IReadOnlyList<string> Write(string path, EvaluationReport report) =>
        Write(path, EvaluationJson.Of(report), text => EvaluationCsv.Write(text, report), page => EvaluationPage.Write(page, report));

    /// <inheritdoc cref="Write(string, EvaluationReport)"/>
    /// <remarks>A learned stop rule that was picked stands in REPORT.stop.json beside them, as <c>--stop learned:FILE</c> takes it.</remarks>
    public static IReadOnlyList<string> Write(string path, Tuning tuning, EvaluationReport report, TuneJson json)
    {
        var written = Write(path, json, text => EvaluationCsv.Write(text, report), page => TunePage.Write(page, tuning, report));
        if (tuning.Stop?.Picked?.Rule is not LearnedPasses rule) return written;
        var file = (Extensions.Contains(Path.GetExtension(path)) ? path[..^Path.GetExtension(path).Length] : path) + ".stop.json";
        StopRuleText.Write(file, rule);
        return [.. written, file];
    }

    /// <param name="json">Written as it is, in snake case.</param>
    private static IReadOnlyList<string> Write<T>(string path, T json, Action<TextWriter> csv, Action<TextWriter> page)
    {
        var paths = Paths(path);
        AtomicFile.Write([.. paths.Select(file => (file, Writer(file, json, csv, page)))]);
        return paths;
    }

    private static Action<Stream> Writer<T>(string file, T json, Action<TextWriter> csv, Action<TextWriter> page) => Path.GetExtension(file) switch
    {
        ".json" => stream => JsonSerializer.Serialize(stream, json, JsonOutput.Indented),
        ".csv" => stream => Write(stream, csv),
        _ => stream => Write(stream, page),
    };

    private static void Write(Stream stream, Action<TextWriter> write)
    {
        using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        write(text);
    }

    private static string[] Paths(string path)
    {
        if (string.IsNullOrEmpty(Path.GetFileName(path)) || Directory.Exists(path))
            throw new UsageException($"--out {path}: name the report, for example {Path.Combine(path, "report")}");
        return Extensions.Contains(Path.GetExtension(path)) ? [path] : [.. Extensions.Select(extension => path + extension)];
    }
}
