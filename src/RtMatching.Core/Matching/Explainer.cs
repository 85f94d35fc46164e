using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>Says why: the requirements of a job against the passages of a CV, and the informative terms they share.</summary>
internal sealed class Explainer(Database database, ProfileVersion profile, EmbedTexts embed, BackgroundVectors background)
{
    private const int MaxCommonTerms = 12;

    // A term in more than a quarter of the documents tells nobody anything; in a handful of documents every term is in a quarter of them.
    private const double MostCommon = 0.25;
    private const int Handful = 3;

    // A job of one page has about 30 requirement lines.
    private const int MaxRequirements = 80;

    private readonly PassageVectors _passages = new(database.Source, profile, embed);

    public Explainer(Database database, ProfileVersion profile, EmbedTexts embed) : this(database, profile, embed, new BackgroundVectors(embed))
    {
    }

    /// <summary>With another way to the same vectors.</summary>
    public Explainer With(EmbedTexts other) => new(database, profile, other, background);

    /// <summary>One explanation for each of <paramref name="contents"/> (hexadecimal hashes), in order.</summary>
    public async Task<IReadOnlyList<Explanation>> ExplainAsync(
        TermStatistics statistics, string tenant, DocumentKind wanted, RankingQuery query, IReadOnlyList<string> contents,
        CancellationToken cancellation)
    {
        if (contents.Count == 0) return [];
        var pairs = wanted == DocumentKind.Cv && query.Kind == DocumentKind.Job
            ? await CandidatesAsync(tenant, query, contents, cancellation)
            : await OthersAsync(tenant, wanted, query, contents, cancellation);
        var vocabulary = await Vocabulary.LoadAsync(statistics, pairs.SelectMany(pair => new[] { pair.Job.Body, pair.Cv.Body }).Distinct(), cancellation);
        var matcher = new RequirementMatcher(await background.GetAsync(cancellation), vocabulary.Idf);
        return [.. pairs.Select(pair => Explain(pair.Job, pair.Cv, matcher, vocabulary))];
    }

    /// <summary>One job against many CVs.</summary>
    private async Task<List<(PassagesOfText Job, PassagesOfText Cv)>> CandidatesAsync(
        string tenant, RankingQuery query, IReadOnlyList<string> contents, CancellationToken cancellation)
    {
        var job = (await RequirementsAsync([query.Text], cancellation))[0];
        var cvs = await _passages.LoadAsync(tenant, contents, cancellation);
        return [.. contents.Select(content => (job, cvs.GetValueOrDefault(content) ?? Nothing))];
    }

    /// <summary>One CV against many jobs; against its own kind, where nobody requires anything, only the terms in common are told.</summary>
    private async Task<List<(PassagesOfText Job, PassagesOfText Cv)>> OthersAsync(
        string tenant, DocumentKind wanted, RankingQuery query, IReadOnlyList<string> contents, CancellationToken cancellation)
    {
        var bodies = await _passages.BodiesAsync(tenant, contents, cancellation);
        var texts = contents.Select(content => bodies.GetValueOrDefault(content, "")).ToList();
        if (query.Kind == wanted) return [.. texts.Select(text => (Bare(query.Text), Bare(text)))];
        var cv = query.ContentHash is { } hash
            ? (await _passages.LoadAsync(tenant, [Convert.ToHexString(hash)], cancellation)).Values.Single()
            : await _passages.MakeAsync(query.Text, cancellation);
        return [.. (await RequirementsAsync(texts, cancellation)).Select(job => (job, cv))];
    }

    /// <summary>The requirement lines of jobs with their vectors, all in one batch.</summary>
    private async Task<List<PassagesOfText>> RequirementsAsync(IReadOnlyList<string> jobs, CancellationToken cancellation)
    {
        var lines = jobs.Select(job => TextPreparation.Requirements(job).Take(MaxRequirements).ToList()).ToList();
        var pieces = jobs.SelectMany((job, i) => lines[i].Select(line => line.Of(job))).ToList();
        var vectors = pieces.Count == 0 ? [] : await embed(pieces, DocumentKind.Job, cancellation);
        var first = 0;
        var result = new List<PassagesOfText>(jobs.Count);
        for (var i = 0; i < jobs.Count; first += lines[i].Count, i++)
            result.Add(new PassagesOfText(jobs[i], lines[i], [.. vectors.Skip(first).Take(lines[i].Count)]));
        return result;
    }

    private static Explanation Explain(PassagesOfText job, PassagesOfText cv, RequirementMatcher matcher, Vocabulary vocabulary)
    {
        var passages = vocabulary.Compared(cv);
        return new Explanation(
            [.. vocabulary.Compared(job).Select(requirement => matcher.Match(requirement, passages))],
            CommonTerms(job.Body, cv.Body, vocabulary));
    }

    private static List<string> CommonTerms(string job, string cv, Vocabulary vocabulary)
    {
        var shared = vocabulary.Lexemes(cv);
        return [.. FullText.Words(job)
            .Where(word => !word.All(char.IsAsciiDigit) && vocabulary.Find(word) is { } term && (term.Share <= MostCommon || term.Documents <= Handful) && shared.Contains(term.Lexeme))
            .DistinctBy(word => vocabulary.Find(word)!.Lexeme)
            .OrderByDescending(word => vocabulary.Find(word)!.Idf).ThenBy(word => word, StringComparer.Ordinal)
            .Take(MaxCommonTerms).Select(FullText.Spelling)];
    }

    private static PassagesOfText Bare(string text) => new(text, [], []);

    private static PassagesOfText Nothing { get; } = Bare("");
}

/// <summary>Those of <see cref="BackgroundLines"/>, made when they are first needed. (lines, dimension)</summary>
internal sealed class BackgroundVectors(EmbedTexts embed)
{
    private IReadOnlyList<float[]>? _vectors;

    /// <summary>Two first explanations at once may both embed them, to the same vectors.</summary>
    public async Task<IReadOnlyList<float[]>> GetAsync(CancellationToken cancellation) =>
        _vectors ??= await embed(BackgroundLines.All, DocumentKind.Cv, cancellation);
}

/// <summary>The words of some texts with their lexemes and frequencies, read from the database at once.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, QueryTerm> _byWord;
    private readonly Dictionary<string, double> _idf;

    private Vocabulary(IReadOnlyList<QueryTerm> terms)
    {
        _byWord = terms.SelectMany(term => term.Words.Select(word => (word, term))).DistinctBy(pair => pair.word)
            .ToDictionary(pair => pair.word, pair => pair.term);
        _idf = terms.ToDictionary(term => term.Lexeme, term => term.Idf);
    }

    public static async Task<Vocabulary> LoadAsync(TermStatistics statistics, IEnumerable<string> texts, CancellationToken cancellation) =>
        new(await statistics.TermsAsync(string.Join('\n', texts), cancellation));

    /// <summary>Null for stop words.</summary>
    public QueryTerm? Find(string word) => _byWord.GetValueOrDefault(word);

    public double Idf(string lexeme) => _idf.GetValueOrDefault(lexeme);

    public HashSet<string> Lexemes(string text) => [.. FullText.Words(text).Select(word => Find(word)?.Lexeme).OfType<string>()];

    public List<ComparedPassage> Compared(PassagesOfText text) =>
        [.. text.Passages.Zip(text.Vectors, (passage, vector) =>
            new ComparedPassage(passage.Of(text.Body), passage, vector, Lexemes(passage.Of(text.Body))))];
}
