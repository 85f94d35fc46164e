using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

public class ExplanationTests
{
    private const string Job = """
        Requirements:
        - Experience building distributed services in C# with PostgreSQL databases
        - Fluent spoken Portuguese for our customers
        - Valid licence to operate tower cranes on construction sites
        """;

    private const string Cv = """
        Experience
        - Built distributed services in C# and .NET, storing orders in PostgreSQL databases
        - Helped colleagues with spreadsheets and office moves

        Languages
        - Spoken Portuguese at home, fluent
        """;

    [Fact]
    public async Task RequirementsAreCoveredByThePassagesThatSpeakOfThem()
    {
        await using var corpus = await Corpus.CreateAsync();
        await corpus.AddAsync("developer", Cv);
        await corpus.AddAsync("gardener", "Experience\n- Planted roses and hedges in public parks\n- Repaired lawn mowers");
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = Job, Explain = true });
        var (developer, gardener) = (Requirements(ranked, "developer"), Requirements(ranked, "gardener"));
        Assert.Equal(3, developer.Count);
        Assert.Equal([Coverage.Covered, Coverage.Missing], [developer[0].Coverage, developer[2].Coverage]);
        Assert.NotEqual(Coverage.Missing, developer[1].Coverage);
        Assert.Contains("C#", developer[0].Quote!.Text, StringComparison.Ordinal);
        Assert.Contains("Portuguese", developer[1].Quote!.Text, StringComparison.Ordinal);
        Assert.Null(developer[2].Quote);
        Assert.All(gardener, requirement => Assert.Equal(Coverage.Missing, requirement.Coverage));
        Assert.Equal(["C#", "databases", "distributed", "experience", "fluent", "portuguese", "postgresql", "services", "spoken"],
            ranked.Single(place => place.ExternalId == "developer").Explanation!.CommonTerms.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task QuotesAreTheStoredTextAtTheirOffsets()
    {
        await using var corpus = await Corpus.CreateAsync();
        var texts = new[] { Cv, "技能\n- 用 C# 开发分布式服务，使用 PostgreSQL 数据库 🚀\n- Portuguese, spoken, fluent 🎉 daily", "Skills\r\n- PostgreSQL databases\r\n- tower cranes licence" };
        for (var i = 0; i < texts.Length; i++) await corpus.AddAsync($"cv-{i}", texts[i]);
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = Job, Explain = true });
        var quotes = ranked.SelectMany(place => place.Explanation!.Requirements.Select(r => (place.ExternalId, r.Quote))).Where(pair => pair.Quote is not null).ToList();
        Assert.NotEmpty(quotes);
        Assert.All(quotes, pair => Assert.Equal(texts[pair.ExternalId[^1] - '0'].Substring(pair.Quote!.Start, pair.Quote.Length), pair.Quote.Text));
    }

    [Fact]
    public async Task PassagesAreEmbeddedOnceAndKept()
    {
        await using var corpus = await Corpus.CreateAsync();
        await corpus.AddAsync("developer", Cv);
        var embedded = new List<string>();
        var ranking = new Ranking(corpus.Database, corpus.Profile, (texts, kind, cancellation) =>
        {
            embedded.AddRange(texts);
            return Corpus.EmbedAsync(texts, kind, cancellation);
        });
        var request = new RankingRequest { Text = Job, Explain = true };
        var first = await ranking.RankCandidatesAsync(request);
        Assert.Contains(embedded, text => text.Contains("spreadsheets", StringComparison.Ordinal));
        embedded.Clear();
        var second = await ranking.RankCandidatesAsync(request);
        Assert.DoesNotContain(embedded, text => text.Contains("spreadsheets", StringComparison.Ordinal));
        Assert.Equal(first[0].Explanation!.Requirements.Select(r => (r.Coverage, r.Quote)), second[0].Explanation!.Requirements.Select(r => (r.Coverage, r.Quote)));
    }

    [Fact]
    public async Task CoverageDoesNotDependOnWhoElseIsShown()
    {
        await using var corpus = await Corpus.CreateAsync();
        await corpus.AddAsync("developer", Cv);
        await corpus.AddAsync("cook", "Experience\n- Cooked soups and built menus for a hotel kitchen");
        var request = new RankingRequest { Text = Job, Explain = true };
        var together = await corpus.Ranking.RankCandidatesAsync(request);
        var alone = await corpus.Ranking.RankCandidatesAsync(request with { Top = 1 });
        Assert.Equal(Requirements(together, "developer"), Requirements(alone, "developer"));
    }

    [Fact]
    public async Task JobsForACvAreExplainedByTheirRequirements()
    {
        await using var corpus = await Corpus.CreateAsync();
        await corpus.AddAsync("job", Job, DocumentKind.Job);
        var stored = await corpus.AddAsync("developer", Cv);
        var byId = await corpus.Ranking.RankJobsAsync(new RankingRequest { DocumentId = stored, Explain = true });
        var byText = await corpus.Ranking.RankJobsAsync(new RankingRequest { Text = Cv, Explain = true });
        Assert.Equal(Coverage.Covered, Assert.Single(byId).Explanation!.Requirements[0].Coverage);
        Assert.Equal(Coverage.Covered, Assert.Single(byText).Explanation!.Requirements[0].Coverage);
    }

    [Fact]
    public void CoverageGrowsWithSimilarityAndSharedTerms()
    {
        float[][] background = [[1, 0, 0], [0.9f, 0.1f, 0.42f], [0.95f, 0, -0.3f]];
        var matcher = new RequirementMatcher(background, lexeme => lexeme.Length);
        var requirement = Compared("r", [0, 1, 0], "alpha", "be");
        var scores = new[]
        {
            matcher.Match(requirement, []).Score,
            matcher.Match(requirement, [Compared("p", [1, 0, 0])]).Score,
            matcher.Match(requirement, [Compared("p", [1, 0, 0], "be")]).Score,
            matcher.Match(requirement, [Compared("p", [1, 0, 0], "alpha")]).Score,
            matcher.Match(requirement, [Compared("p", [0, 1, 0])]).Score,
            matcher.Match(requirement, [Compared("p", [0, 1, 0], "alpha", "be")]).Score,
        };
        Assert.Equal(scores.Order(), scores);
        Assert.Equal(0.75 * 2 / 7, scores[2], 9);
        Assert.Equal(1 - 0.25 * 0.25, scores[5], 9);
        Assert.Equal(Coverage.Missing, matcher.Match(requirement, []).Coverage);
        Assert.Equal(Coverage.Covered, matcher.Match(requirement, [Compared("p", [0, 1, 0])]).Coverage);
    }

    private static ComparedPassage Compared(string text, float[] vector, params string[] lexemes) =>
        new(text, new Passage(0, text.Length, SectionKind.Other), vector, lexemes.ToHashSet());

    private static IReadOnlyList<RequirementCoverage> Requirements(IReadOnlyList<RankedDocument> ranked, string id) =>
        ranked.Single(place => place.ExternalId == id).Explanation!.Requirements;
}
