using System.CommandLine;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary>How a file of labelled job-CV pairs is read: shared by the commands that evaluate and tune.</summary>
internal sealed class JobPairOptions
{
    private readonly PairOptions _pairs = new(forJobs: true);
    private readonly Option<string?> _jobs = new("--jobs") { Description = "The jobs' texts, where the pairs hold their ids: JSON Lines, CSV or TSV with id and text.", HelpName = "FILE" };
    private readonly Option<string?> _cvs = new("--cvs") { Description = "The CVs' texts, where the pairs hold their ids.", HelpName = "FILE" };
    private readonly Option<string?> _cv = new("--cv") { Description = "A text file: the one CV that all jobs are judged for.", HelpName = "FILE" };

    public IEnumerable<Option> All => [.. _pairs.All, _jobs, _cvs, _cv];

    /// <exception cref="UsageException">One CV and many, or columns that do not fit either.</exception>
    public JobPairReading Read(ParseResult parsed)
    {
        var reading = _pairs.Read(parsed);
        var (cv, cvs) = (parsed.GetValue(_cv), parsed.GetValue(_cvs));
        if (cv is not null && cvs is not null) throw new UsageException("--cv and --cvs: either all pairs have one CV, or each names its own");
        var expected = cv is null ? 3 : 2;
        if (reading.Columns is { } columns && columns.Count != expected)
            throw new UsageException(cv is null ? "--columns: name three with commas: job, CV, score" : "--columns: with --cv name two with commas: job, score");
        return new JobPairReading
        {
            Format = reading.Format, Columns = reading.Columns, Limit = reading.Limit, Jobs = parsed.GetValue(_jobs), Cvs = cvs, Cv = cv,
        };
    }
}
