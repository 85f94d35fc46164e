using System.CommandLine;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary>How a file of labelled pairs is read: shared by the commands that evaluate and tune.</summary>
internal sealed class PairOptions
{
    private readonly Option<PairFormat?> _format = new("--format")
    {
        Description = $"How the file is written: {PairFormats.Names}; recognised without it.",
        HelpName = "F",
        CustomParser = result =>
        {
            if (PairFormats.Find(result.Tokens[0].Value) is { } format) return format;
            result.AddError($"--format {result.Tokens[0].Value}: not one of {PairFormats.Names}");
            return null;
        },
    };

    private readonly Option<string[]?> _columns = new("--columns")
    {
        HelpName = "A,B,SCORE",
        CustomParser = result =>
        {
            string[] names = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
            if (names.Length is 2 or 3 && !names.Contains("")) return names;
            result.AddError("--columns: name three with commas: first text, second text, score");
            return null;
        },
    };

    private readonly Option<int?> _limit = new("--limit") { Description = "Only the first N pairs, in the file's order.", HelpName = "N" };

    /// <param name="forJobs">The texts are a job and a CV, of which one may stand in a file of its own.</param>
    public PairOptions(bool forJobs = false)
    {
        _columns.Description = forJobs
            ? "The columns of job, CV and score (with --cv: job and score), where their names do not tell."
            : "The columns of the two texts and their score, where their names do not tell.";
        _limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1) result.AddError("--limit must be at least 1");
        });
        if (forJobs) return;
        _columns.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string[]?>() is { Length: 2 }) result.AddError("--columns: name three with commas: first text, second text, score");
        });
    }

    public IEnumerable<Option> All => [_format, _columns, _limit];

    public PairReading Read(ParseResult parsed) => new()
    {
        Format = parsed.GetValue(_format),
        Columns = parsed.GetValue(_columns) is { Length: > 0 } columns ? columns : null,
        Limit = parsed.GetValue(_limit),
    };
}
