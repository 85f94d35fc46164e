using System.Text;
using System.Text.Json;
using RtMatching.Cli.Output;
using RtMatching.Core.Evaluation;

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

    /// <param name="json">Written as it is, in snake case.</param>
    internal static IReadOnlyList<string> Write<T>(string path, T json, Action<TextWriter> csv, Action<TextWriter> page)
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
