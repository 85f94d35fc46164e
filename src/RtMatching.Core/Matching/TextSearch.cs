using Npgsql;

namespace RtMatching.Core.Matching;

/// <param name="Content">The content's hash, hexadecimal.</param>
internal readonly record struct TextHit(string Content, double Score);

/// <summary>
/// Full-text search for a whole job description: the OR of its most informative terms, never an AND, which matches nothing.
/// The index finds who holds the rarest of them, the weights of what they hold pick the best few hundred, and BM25 over their
/// tsvectors, every term counted, orders those.
/// </summary>
internal static class TextSearch
{
    // A filter passing at most so many documents is followed from those to the terms; a wider one is checked on what the terms find.
    private const int Selective = 5000;

    // Index entries read to find candidates: the rarest terms first, until so many documents have been met.
    private const int MaxPostings = 20_000;

    // Candidates whose tsvectors are read; more than twice what fusion looks at.
    private const int MaxScored = 500;

    /// <summary>
    /// The best <paramref name="limit"/> contents that hold at least one term, fewer only where fewer do.
    /// Equal scores stand in the order of their hashes.
    /// </summary>
    public static async Task<List<TextHit>> FindAsync(
        NpgsqlConnection connection, SearchScope scope, TermQuery query, int limit, CancellationToken cancellation)
    {
        if (query.Terms.Count == 0) return [];
        var most = Math.Max(MaxScored, limit);
        if (!scope.Filter.IsEmpty && await scope.CountAsync(connection, Selective + 1, cancellation) is var count and <= Selective)
        {
            var preselect = count > 2 * most;
            return await RankAsync(connection, scope, query, query.Terms, Few(scope, preselect), preselect ? most : 2 * most, limit, cancellation);
        }

        var rarest = query.Rarest(MaxPostings);
        var hits = await RankAsync(connection, scope, query, rarest, Many(scope), most, limit, cancellation);
        return hits.Count >= limit || rarest.Count == query.Terms.Count
            ? hits
            : await RankAsync(connection, scope, query, query.Terms, Many(scope), most, limit, cancellation);
    }

    private static async Task<List<TextHit>> RankAsync(
        NpgsqlConnection connection, SearchScope scope, TermQuery query, IReadOnlyList<QueryTerm> finders, string find, int most, int limit,
        CancellationToken cancellation)
    {
        var contents = await CandidatesAsync(connection, scope, query, finders, find, most, cancellation);
        await using var command = new NpgsqlCommand("""
            select t.content_hash, tsvectorsend(t.search)
            from unnest($3) candidate(content_hash)
            join texts t on t.tenant = $1 and t.content_hash = candidate.content_hash and t.preparation = $2
            """, connection);
        foreach (var parameter in (object[])[scope.Tenant, query.Preparation, contents])
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        var score = new TextScore(query.Terms, query.Sample.MeanLength);
        var hits = new List<TextHit>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            hits.Add(new TextHit(Convert.ToHexString(reader.GetFieldValue<byte[]>(0)), score.Of(reader.GetFieldValue<byte[]>(1))));
        return [.. hits.Where(hit => hit.Score > 0).OrderByDescending(hit => hit.Score)
            .ThenBy(hit => hit.Content, StringComparer.Ordinal).Take(limit)];
    }

    /// <summary>The contents whose tsvectors are worth reading.</summary>
    private static async Task<byte[][]> CandidatesAsync(
        NpgsqlConnection connection, SearchScope scope, TermQuery query, IReadOnlyList<QueryTerm> finders, string find, int most,
        CancellationToken cancellation)
    {
        // Looks up the best ones one by one until enough are in scope; a hash join would look up all hundred thousand first.
        await using var settings = await PlannerSettings.SetAsync(connection, "enable_hashjoin = off, enable_mergejoin = off", cancellation);
        await using var command = scope.Command(connection, find,
            finders.Select(Quoted).ToArray(), finders.Select(term => (float)term.Weight).ToArray(), query.Preparation, most);
        var contents = new List<byte[]>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) contents.Add(reader.GetFieldValue<byte[]>(0));
        return [.. contents];
    }

    /// <summary>From the terms to the documents, by the index: one scan for each finder, which offset 0 keeps from becoming one for each document.</summary>
    private static string Many(SearchScope scope) => $"""
        select found.content_hash from (
            select t.content_hash, sum(finder.weight) as weight
            from unnest($8::tsquery[], $9::real[]) as finder(query, weight)
            cross join lateral (
                select content_hash from texts where search @@ finder.query and tenant = $1 and preparation = $10 offset 0) t
            group by t.content_hash order by weight desc, t.content_hash offset 0) found
        where {scope.Holds("found.content_hash")}
        and exists (select 1 from {scope.Vectors} v where v.tenant = $1 and v.kind = '{scope.Kind}' and v.content_hash = found.content_hash)
        order by found.weight desc, found.content_hash limit $11
        """;

    /// <summary>From the documents that pass a narrow filter to those among them that hold a term; where they are many, the best by ts_rank.</summary>
    private static string Few(SearchScope scope, bool preselect) => $"""
        select t.content_hash
        from (select distinct d.content_hash from documents d where {scope.Documents}) few
        join {scope.Vectors} v on v.tenant = $1 and v.kind = '{scope.Kind}' and v.content_hash = few.content_hash
        join texts t on t.tenant = $1 and t.content_hash = few.content_hash and t.preparation = $10
        cross join (select string_agg(query::text, ' | ')::tsquery as query from unnest($8::tsquery[], $9::real[]) as finder(query, weight)) any_term
        where t.search @@ any_term.query
        order by {(preselect ? "ts_rank(t.search, any_term.query, 1) desc, " : "")}t.content_hash limit $11
        """;

    /// <summary>As a tsquery of one lexeme, whatever characters it has.</summary>
    private static string Quoted(QueryTerm term) => $"'{term.Lexeme.Replace(@"\", @"\\").Replace("'", "''")}'";
}

/// <summary>A job's most informative terms, with what is needed to weigh them.</summary>
internal sealed record TermQuery(IReadOnlyList<QueryTerm> Terms, TermSample Sample, int Preparation)
{
    // Each costs a look-up; what comes after so many is common, or said once.
    private const int MaxTerms = 96;

    // Terms that the sample does not hold: too rare to have a frequency, or nowhere. A few are worth a look-up: "kdb" may be what the job is about.
    private const int MaxUnseenTerms = 16;

    // A job's title and a CV's headline say what it is: the first word counts seven times as much, the sixth still three times. Chosen on one half of public
    // CVs and job ads, see QualityBenchmark: precision@10 of CVs of one occupation 0.40 to 0.48, job ads ranked as well as before.
    private const double HeadlineEmphasis = 6;
    private const double HeadlineWords = 5;

    public static TermQuery Choose(IReadOnlyList<QueryTerm> terms, TermSample sample, int preparation)
    {
        var weighed = terms.Select(term => term with { Emphasis = 1 + HeadlineEmphasis * Math.Exp(-term.First / HeadlineWords) })
            .OrderByDescending(term => term.Weight).ThenBy(term => term.Lexeme, StringComparer.Ordinal).ToList();
        var unseen = weighed.Where(term => term.Documents == 0).Take(MaxUnseenTerms);
        var seen = weighed.Where(term => term.Documents > 0).Take(MaxTerms);
        return new TermQuery([.. seen, .. unseen], sample, preparation);
    }

    /// <summary>The rarest terms that together occur in at most <paramref name="postings"/> documents; at least one.</summary>
    public IReadOnlyList<QueryTerm> Rarest(int postings)
    {
        var scale = Sample.Population / Math.Max(1, Sample.Sampled);
        var left = (double)postings;
        return [.. Terms.OrderBy(term => term.Documents).ThenByDescending(term => term.Weight)
            .TakeWhile((term, index) => (left -= term.Documents * scale) >= 0 || index == 0)];
    }
}
