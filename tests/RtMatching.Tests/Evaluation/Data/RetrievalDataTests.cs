using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Tests.Evaluation.Data;

public sealed class RetrievalDataTests : IDisposable
{
    private const string Corpus = """
        {"_id":"d1","title":"Cooking","text":"soup"}
        {"_id":"d2","title":"","text":"databases"}
        {"_id":"d3","text":""}
        {"_id":"q1","text":"soup?"}
        """;

    private const string Queries = """
        {"_id":"q1","text":"soup?"}
        {"_id":"d2","text":"a query that has a document's id"}
        {"_id":"q3","text":"nobody judged it"}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-retrieval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\tq1\t1\nq1\tgone\t1\nd2\td2\t1\nd2\td1\t0\nelse\td1\t1\n")]
    [InlineData("q1 0 d1 2\nq1 0 q1 1\nq1 0 gone 1\nd2 0 d2 1\nd2 0 d1 -1\nelse 0 d1 1\n")]
    public async Task Beir_files_with_judgements_of_either_form(string qrels)
    {
        var data = await RetrievalData.ReadAsync(Write("corpus.jsonl", Corpus), Write("queries.jsonl", Queries), Write("qrels", qrels));
        Assert.Equal(["Cooking soup", "databases", "soup?"], data.Documents);
        Assert.Equal(2, data.Queries.Count);

        var soup = data.Queries[0];
        Assert.Equal(2, soup.Itself);       // the same id and text: it does not find itself
        Assert.Equal([new KeyValuePair<int, double>(0, 2)], soup.Relevant);
        Assert.Equal([1.0], soup.Missing);
        Assert.Null(data.Queries[1].Itself);
        Assert.Equal([1], data.Queries[1].Relevant.Keys);
        Assert.Contains(data.Notes, note => note.Contains("1 documents without text", StringComparison.Ordinal));
        Assert.Contains(data.Notes, note => note.Contains("1 queries of qrels", StringComparison.Ordinal));
        Assert.Contains(data.Notes, note => note.Contains("1 relevant documents", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Documents_with_the_same_label_are_relevant_to_each_other()
    {
        var corpus = Write("cvs.csv", "id,category,text\n1,cook,soup\n2,cook,pasta\n3,nurse,night\n");
        var data = await RetrievalData.ReadLabelledAsync(corpus, "category");
        Assert.Equal(["soup", "pasta"], data.Queries.Select(query => query.Text));
        Assert.Equal([0, 1], data.Queries.Select(query => query.Itself!.Value));
        Assert.Contains(data.Notes, note => note.Contains("alone", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(() => RetrievalData.ReadLabelledAsync(corpus, "branch"));
        Assert.Contains("'branch'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_is_drawn_as_Python_draws_it()
    {
        // random.seed(7); random.sample(range(1236), 300)[:6] and so on, CPython 3
        Assert.Equal([663, 308, 808, 98, 148, 1097], new PythonRandom(7).Sample(1236, 300).Take(6));
        Assert.Equal([275, 1165, 129, 522, 241, 1014], new PythonRandom(1).Sample(1236, 150).Take(6));
        Assert.Equal([7, 18, 17, 4, 11, 14], new PythonRandom(3).Sample(20, 6));

        var corpus = Write("cvs.csv", "id,category,text\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},c{i % 2},text {i}\n")));
        var data = await RetrievalData.ReadLabelledAsync(corpus, "category", sample: new RetrievalSample(Documents: 6, Seed: 3));
        Assert.Equal(["text 7", "text 18", "text 17", "text 4", "text 11", "text 14"], data.Documents);
        var few = await RetrievalData.ReadLabelledAsync(corpus, "category", sample: new RetrievalSample(Queries: 6, Seed: 3));
        Assert.Equal((20, "text 7", 6), (few.Documents.Count, few.Queries[0].Text, few.Queries.Count));
        await Assert.ThrowsAsync<InvalidDataFileException>(() => RetrievalData.ReadLabelledAsync(corpus, "category", sample: new RetrievalSample(Documents: 21)));
    }

    [Theory]
    [InlineData("q1\td1\t1\nq1\td1\t1\n", "line 2")]
    [InlineData("q1\td1\t1\nq1\td1\n", "line 2")]
    [InlineData("q1\td1\t1\nq1\td2\tmuch\n", "line 2")]
    [InlineData("query-id\tcorpus-id\tscore\n", "no judgements")]
    [InlineData("", "empty")]
    [InlineData("x\ty\t1\n", "no query")]
    public async Task Bad_judgements_are_refused(string qrels, string expected)
    {
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(
            () => RetrievalData.ReadAsync(Write("corpus.jsonl", Corpus), Write("queries.jsonl", Queries), Write("qrels", qrels)));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"a\",\"text\":\"y\"}\n", "line 2: its id")]
    [InlineData("{\"text\":\"x\"}\n", "line 1: it has no column with an id")]
    [InlineData("{\"_id\":\"a\",\"words\":\"x\"}\n", "no column is plainly its text")]
    [InlineData("{\"_id\":\"a\",\"text\":\"\"}\n", "at least 2 documents")]
    public async Task A_bad_corpus_is_refused(string corpus, string expected)
    {
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(
            () => RetrievalData.ReadAsync(Write("corpus.jsonl", corpus), Write("queries.jsonl", Queries), Write("qrels", "q1\td1\t1\n")));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
