using RtMatching.Core.Evaluation;

namespace RtMatching.Cli.Reports;

/// <summary>A tuning as one self-contained HTML file: the choice and why, then the evaluation that it rests on.</summary>
internal static class TunePage
{
    public static void Write(TextWriter page, Tuning tuning, EvaluationReport report)
    {
        var text = new TuneText(tuning, report);
        ReportPage.Begin(page, "Tuning", $"{report.Task} on {report.DataSet}", EvaluationPage.Style);
        page.WriteLine($"<h2>{ReportPage.Text(char.ToUpperInvariant(text.Choice[0]) + text.Choice[1..])}</h2>");
        foreach (var sentence in text.Why) page.WriteLine($"<p>{ReportPage.Text(sentence)}</p>");
        EvaluationPage.WriteBody(page, report);
        if (tuning.Stop is not null)
        {
            page.WriteLine("<h2>Stop rules</h2>");
            ReportPage.Note(page, "On the half of the units that rules are set on; the last row is the pick on the other half.");
            ReportPage.Table(page, TuneText.StopHeader, text.StopRows());
        }

        ReportPage.End(page);
    }
}
