using System.CommandLine;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Cli.Commands;

/// <summary>What is ranked for what, and how far down a ranking is looked at.</summary>
internal sealed class RetrievalOptions
{
    private readonly Option<string> _corpus = new("--corpus") { Description = "Documents with id and text: JSON Lines (BEIR's corpus.jsonl too), CSV or TSV.", HelpName = "FILE", Required = true };
    private readonly Option<string?> _queries = new("--queries") { Description = "Queries with id and text, as BEIR's queries.jsonl; goes with --qrels.", HelpName = "FILE" };
    private readonly Option<string?> _qrels = new("--qrels") { Description = "Judgements of relevance, in BEIR's or TREC's form.", HelpName = "FILE" };
    private readonly Option<string?> _same = new("--same") { Description = "Instead: every document is a query, and relevant is what has the same value in this column.", HelpName = "COLUMN" };
    private readonly Option<string?> _text = new("--text-column") { Description = "The documents' text, where its name does not tell.", HelpName = "COLUMN" };
    private readonly Option<int?> _sample = new("--sample") { Description = "Draw N documents, as Python's random.sample does.", HelpName = "N" };
    private readonly Option<int?> _querySample = new("--query-sample") { Description = "Draw N queries; all documents stay.", HelpName = "N" };
    private readonly Option<uint> _seed = new("--seed") { Description = "Of the draws.", DefaultValueFactory = _ => 1, HelpName = "S" };
    private readonly Option<int> _at = new("--at") { Description = "Places of a ranking that nDCG, recall and precision look at.", DefaultValueFactory = _ => 10, HelpName = "N" };
    private readonly Option<Gain> _gain = new("--gain") { Description = "What a grade is worth in nDCG: linear (the grade) or exponential (2^grade - 1).", DefaultValueFactory = _ => Gain.Linear };

    public RetrievalOptions()
    {
        AtLeastOne(_sample);
        AtLeastOne(_querySample);
        AtLeastOne(_at);
    }

    public IEnumerable<Option> All => [_corpus, _queries, _qrels, _same, _text, _sample, _querySample, _seed, _at, _gain];

    /// <exception cref="UsageException">Neither judgements nor a column, or both.</exception>
    public async Task<RetrievalTask> ReadAsync(ParseResult parsed, bool sided, CancellationToken cancellation)
    {
        var sample = new RetrievalSample(parsed.GetValue(_sample), parsed.GetValue(_querySample), parsed.GetValue(_seed));
        var (corpus, text) = (parsed.GetValue(_corpus)!, parsed.GetValue(_text));
        var data = (parsed.GetValue(_queries), parsed.GetValue(_qrels), parsed.GetValue(_same)) switch
        {
            ({ } queries, { } qrels, null) => await RetrievalData.ReadAsync(corpus, queries, qrels, text, sample, cancellation),
            (null, null, { } column) => await RetrievalData.ReadLabelledAsync(corpus, column, text, sample, cancellation),
            _ => throw new UsageException("say what is relevant: either --queries FILE and --qrels FILE, or --same COLUMN"),
        };
        return new RetrievalTask(data, parsed.GetValue(_at), parsed.GetValue(_gain), sided);
    }

    public IReadOnlyList<string> Notes(ParseResult parsed, RetrievalTask task) =>
        [.. task.Notes, $"nDCG with {(parsed.GetValue(_gain) == Gain.Linear ? "linear" : "exponential")} gain; MAP and MRR over the whole ranking of {task.DocumentTexts.Count:N0} documents"];

    private static void AtLeastOne(Option<int?> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int?>() is < 1) result.AddError($"{option.Name} must be at least 1");
    });

    private static void AtLeastOne(Option<int> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1) result.AddError($"{option.Name} must be at least 1");
    });
}
