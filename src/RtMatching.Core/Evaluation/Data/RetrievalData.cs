namespace RtMatching.Core.Evaluation.Data;

/// <param name="Relevant">Grades above 0 by the document's index; itself may be among them.</param>
/// <param name="Itself">The document that the query is, which its ranking leaves out; null where it is none.</param>
/// <param name="Missing">Grades of relevant documents that the corpus lacks: never found, but missed.</param>
public sealed record RetrievalQuery(string Text, IReadOnlyDictionary<int, double> Relevant, int? Itself, IReadOnlyList<double> Missing);

/// <summary>How much of a corpus is taken, drawn as Python's <c>random.seed(s); random.sample(rows, n)</c> does.</summary>
/// <param name="Documents">Null for all.</param>
/// <param name="Queries">Of those that have a relevant document; null for all.</param>
public sealed record RetrievalSample(int? Documents = null, int? Queries = null, uint Seed = 1);

/// <summary>Queries, documents and which belong together.</summary>
/// <param name="Notes">What was left out.</param>
public sealed record RetrievalData(
    string Name, IReadOnlyList<string> Documents, IReadOnlyList<RetrievalQuery> Queries, IReadOnlyList<string> Notes)
{
    /// <summary>BEIR's form (https://github.com/beir-cellar/beir): a corpus, queries and judgements.</summary>
    /// <exception cref="InvalidDataFileException">A file cannot be read, or nothing is left to ask.</exception>
    public static async Task<RetrievalData> ReadAsync(
        string corpus, string queries, string qrels, string? textColumn = null, RetrievalSample? sample = null, CancellationToken cancellation = default)
    {
        sample ??= new RetrievalSample();
        var name = Path.GetFileName(corpus);
        var notes = new List<string>();
        var documents = Sampled(WithText(await TextFile.ReadAsync(corpus, textColumn, cancellation: cancellation), "documents", notes), sample, name);
        var asked = WithText(await TextFile.ReadAsync(queries, cancellation: cancellation), "queries", notes);
        var judged = (await Qrels.ReadAsync(qrels, cancellation)).ToLookup(qrel => qrel.Query);
        NoteUnknown(judged, asked, Path.GetFileName(qrels), notes);
        var index = documents.Select((document, i) => (document.Id, i)).ToDictionary(document => document.Id, document => document.i, StringComparer.Ordinal);
        var found = asked.Where(query => judged.Contains(query.Id))
            .Select(query => Query(query, judged[query.Id], documents, index, keepMissing: sample.Documents is null))
            .Where(query => query.Relevant.Count + query.Missing.Count > 0).ToList();
        NoteMissing(found, notes);
        return new RetrievalData(name, [.. documents.Select(document => document.Text)], Asked(found, sample, name), notes);
    }

    /// <summary>Every document is a query; relevant are those with the same label, itself left out.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public static async Task<RetrievalData> ReadLabelledAsync(
        string corpus, string labelColumn, string? textColumn = null, RetrievalSample? sample = null, CancellationToken cancellation = default)
    {
        sample ??= new RetrievalSample();
        var name = Path.GetFileName(corpus);
        var notes = new List<string>();
        var documents = Sampled(WithText(await TextFile.ReadAsync(corpus, textColumn, labelColumn, cancellation), "documents", notes), sample, name);
        var groups = documents.Select((document, i) => (Label: document.Label!, i)).GroupBy(document => document.Label, document => document.i)
            .ToDictionary(group => group.Key, group => group.ToDictionary(i => i, _ => 1.0));
        var queries = documents.Select((document, i) => new RetrievalQuery(document.Text, groups[document.Label!], i, [])).ToList();
        var alone = queries.RemoveAll(query => query.Relevant.Count == 1);
        if (alone > 0) notes.Add($"{alone:N0} documents are alone with their {labelColumn}: they are no queries");
        return new RetrievalData(name, [.. documents.Select(document => document.Text)], Asked(queries, sample, name), notes);
    }

    private static List<IdentifiedDocument> WithText(IReadOnlyList<IdentifiedDocument> read, string what, List<string> notes)
    {
        var documents = read.Where(document => !string.IsNullOrWhiteSpace(document.Text)).ToList();
        if (documents.Count < read.Count) notes.Add($"{read.Count - documents.Count:N0} {what} without text are left out");
        return documents;
    }

    private static List<IdentifiedDocument> Sampled(List<IdentifiedDocument> documents, RetrievalSample sample, string name)
    {
        var drawn = Draw(documents, sample.Documents, sample.Seed, name, "documents");
        return drawn.Count > 1 ? drawn : throw new InvalidDataFileException($"{name}: a ranking needs at least 2 documents with text, not {drawn.Count}");
    }

    private static List<RetrievalQuery> Asked(List<RetrievalQuery> queries, RetrievalSample sample, string name)
    {
        var drawn = Draw(queries, sample.Queries, sample.Seed, name, "queries");
        return drawn.Count > 0 ? drawn : throw new InvalidDataFileException($"{name}: no query has a relevant document; do the files belong together?");
    }

    private static List<T> Draw<T>(List<T> from, int? count, uint seed, string name, string what)
    {
        if (count is not { } drawn) return from;
        if (drawn > from.Count) throw new InvalidDataFileException($"{name}: there are {from.Count:N0} {what} to draw {drawn:N0} from; draw fewer");
        return [.. new PythonRandom(seed).Sample(from.Count, drawn).Select(i => from[i])];
    }

    /// <summary>
    /// A query that is one of the documents, by id and text, does not find itself, as BEIR has it; by its id alone it may be another text,
    /// because queries and documents are often both numbered from 1.
    /// </summary>
    private static RetrievalQuery Query(
        IdentifiedDocument query, IEnumerable<Qrel> judged, List<IdentifiedDocument> documents, Dictionary<string, int> index, bool keepMissing)
    {
        int? itself = index.TryGetValue(query.Id, out var same) && documents[same].Text == query.Text ? same : null;
        var (relevant, missing) = (new Dictionary<int, double>(), new List<double>());
        foreach (var qrel in judged.Where(qrel => qrel.Grade > 0))
        {
            if (!index.TryGetValue(qrel.Document, out var document)) missing.Add(qrel.Grade);
            else if (document != itself) relevant.Add(document, qrel.Grade);
        }

        return new RetrievalQuery(query.Text, relevant, itself, keepMissing ? missing : []);
    }

    private static void NoteUnknown(ILookup<string, Qrel> judged, List<IdentifiedDocument> asked, string file, List<string> notes)
    {
        var unknown = judged.Select(group => group.Key).Except(asked.Select(query => query.Id), StringComparer.Ordinal).Count();
        if (unknown > 0) notes.Add($"{unknown:N0} queries of {file} are not among the queries and are left out");
    }

    private static void NoteMissing(List<RetrievalQuery> queries, List<string> notes)
    {
        var missing = queries.Sum(query => query.Missing.Count);
        if (missing > 0) notes.Add($"{missing:N0} relevant documents are not in the corpus: they count as not found");
    }
}
