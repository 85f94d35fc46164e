using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

public sealed class ReportFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-report");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Json_holds_everything_unscaled_and_null_for_what_is_undefined()
    {
        var report = Report();
        var json = JsonDocument.Parse(File.ReadAllText(Assert.Single(ReportFiles.Write(InFolder("sts.json"), report)))).RootElement;
        Assert.Equal("sts", json.GetProperty("task").GetString());
        Assert.Equal(80, json.GetProperty("units").GetInt32());
        Assert.Equal("0123456789abcdef", json.GetProperty("weights_hash").GetString());
        var points = json.GetProperty("curves")[0].GetProperty("points");
        var (first, third) = (points[0], points[2]);
        Assert.Equal(JsonValueKind.Null, first.GetProperty("against_first").ValueKind);
        Assert.Equal(report.Curves[0].Points[2].Metrics[0].Value, third.GetProperty("metrics").GetProperty("pearson").GetDouble());
        Assert.Equal(report.Curves[0].Points[2].AgainstFirst!.Low, third.GetProperty("against_first").GetProperty("low").GetDouble());
        Assert.Equal(report.Curves[0].Points[2].AgainstFirstAtOnce!.IsClear, third.GetProperty("against_first_at_once").GetProperty("is_clear").GetBoolean());
        var broken = json.GetProperty("curves")[1];
        Assert.Equal(JsonValueKind.Null, broken.GetProperty("tokens_per_second").ValueKind);
        Assert.Equal(JsonValueKind.Null, broken.GetProperty("points")[0].GetProperty("metrics").GetProperty("pearson").ValueKind);
        Assert.Equal(JsonValueKind.Null, broken.GetProperty("points")[0].GetProperty("score").GetProperty("low").ValueKind);
    }

    [Fact]
    public void Csv_has_a_row_for_each_configuration_k_and_metric()
    {
        var report = Report();
        var lines = File.ReadAllLines(Assert.Single(ReportFiles.Write(InFolder("sts.csv"), report)));
        Assert.StartsWith("task,data_set,model,units,configuration,k,metric,value,low,high,", lines[0], StringComparison.Ordinal);
        Assert.Equal(1 + 3 * 1 + 1, lines.Length);
        var width = lines[0].Split(',').Length;
        Assert.All(lines.Skip(1), line => Assert.Equal(width, line.Replace("\"a, b\"", "ab", StringComparison.Ordinal).Split(',').Length));
        var second = lines[2].Split(',');
        var point = report.Curves[0].Points[1];
        Assert.Equal(["last", "2", "pearson"], second[4..7]);
        Assert.Equal(point.Metrics[0].Value, double.Parse(second[7], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(point.AgainstFirst!.High, double.Parse(second[13], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Contains(",\"a, b\",1,pearson,,,,", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_has_curve_table_and_notes_and_escapes_every_text()
    {
        var page = File.ReadAllText(Assert.Single(ReportFiles.Write(InFolder("sts.html"), Report() with
        {
            DataSet = "<script>alert(1)</script>.tsv",
            Notes = ["few pairs & <b>odd</b> ones"],
        })));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("few pairs &amp; &lt;b&gt;odd", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("<svg viewBox=\"0 0 640 320\"").Length - 1);
        Assert.Contains("<th>k = 3</th>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_without_extension_gives_all_three_files()
    {
        var paths = ReportFiles.Write(Path.Combine(_folder.FullName, "new", "folder", "sts"), Report());
        Assert.Equal(["sts.json", "sts.csv", "sts.html"], paths.Select(path => Path.GetFileName(path)));
        Assert.All(paths, path => Assert.True(new FileInfo(path).Length > 0));
        Assert.Equal(3, Directory.GetFileSystemEntries(Path.GetDirectoryName(paths[0])!).Length);
        Assert.Throws<UsageException>(() => ReportFiles.Write(_folder.FullName, Report()));
    }

    [Fact]
    public void What_fails_halfway_leaves_the_old_files_as_they_were()
    {
        var (one, two) = (InFolder("one"), InFolder("two"));
        File.WriteAllText(one, "old one");
        File.WriteAllText(two, "old two");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(
            (one, stream => stream.Write("new"u8)), (two, stream => throw new InvalidOperationException("no room"))));
        Assert.Equal(("old one", "old two"), (File.ReadAllText(one), File.ReadAllText(two)));
        AtomicFile.Write((one, stream => stream.Write("new"u8)));
        Assert.Equal("new", File.ReadAllText(one));
        Assert.Equal(2, _folder.GetFileSystemInfos().Length);
    }

    private string InFolder(string name) => Path.Combine(_folder.FullName, name);

    private static EvaluationReport Report()
    {
        var random = new Random(11);
        double[] Values() => [.. Enumerable.Range(0, 80).Select(_ => random.NextDouble())];
        var labels = Values();
        var passes = Enumerable.Range(1, 3).Select(k => new WeightedPearson([.. labels.Zip(Values(), (label, noise) => k * label + noise)], labels)).ToArray();
        return new EvaluationReport("sts", "pairs.tsv", 80, "pairs", "pearson", 100, "toy", "0123456789abcdef", DateTimeOffset.UnixEpoch,
            [
                new Curve("last", 1234, 567.8, 2, PairedBootstrap.Points(passes)),
                new Curve("a, b", 1234, null, 0, PairedBootstrap.Points([new WeightedPearson(new double[80], labels)])),
            ], []);
    }
}
