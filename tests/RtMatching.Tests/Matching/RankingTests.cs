using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

public class RankingTests
{
    private const string Nurse = "Registered nurse on a surgical ward, wound care and patient education";
    private const string Cook = "Head cook in a hotel kitchen, menus, stock and hygiene";
    private const string Developer = "Software developer writing C# and C++ services with PostgreSQL";
    private const string Teacher = "Primary school teacher of mathematics and music";

    private static readonly string[] Words = "nurse cook developer teacher driver kitchen ward code music truck road menu care test school".Split(' ');

    [Fact]
    public async Task TheNearestCandidateComesFirstInEveryMode()
    {
        await using var corpus = await FourAsync();
        foreach (var mode in Enum.GetValues<RankingMode>())
        {
            var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "We need a nurse for our surgical ward", Mode = mode });
            Assert.Equal("nurse", ranked[0].ExternalId);
            Assert.Equal(1, ranked[0].Rank);
            Assert.Equal(ranked.OrderByDescending(place => place.Score).Select(place => place.ExternalId), ranked.Select(place => place.ExternalId));
        }
    }

    [Fact]
    public async Task FusedRankingHoldsWhatOnlyOneSideFinds()
    {
        await using var corpus = await FourAsync();
        var job = new RankingRequest { Text = "C++", Vector = Corpus.Vector(Cook), Top = 2 };
        var ranked = await corpus.Ranking.RankCandidatesAsync(job);
        Assert.Equal(["cook", "developer"], ranked.Select(place => place.ExternalId).Order());
        var developer = ranked.Single(place => place.ExternalId == "developer");
        Assert.NotNull(developer.TextRank);
        Assert.Null(ranked.Single(place => place.ExternalId == "cook").TextRank);
        Assert.All(ranked, place => Assert.NotNull(place.Similarity));
    }

    [Fact]
    public async Task FilteredRankingIsTheExactOneRestricted()
    {
        await using var corpus = await CreateRandomAsync(120);
        var random = new Random(3);
        for (var round = 0; round < 12; round++)
        {
            var filter = RandomFilter(random);
            var request = new RankingRequest { Text = Sentence(random), Mode = (RankingMode)(round % 3), Top = 200, Exact = round % 2 == 0 };
            var all = await corpus.Ranking.RankCandidatesAsync(request);
            var expected = all.Where(place => Passes(filter, place)).Select(place => place.ExternalId).ToList();
            var filtered = await corpus.Ranking.RankCandidatesAsync(request with { Filter = filter });

            // Fused scores come from ranks among those that pass, so only the set is the same there.
            if (request.Mode == RankingMode.Fused) Assert.Equal(expected.Order(), filtered.Select(place => place.ExternalId).Order());
            else Assert.Equal(expected, filtered.Select(place => place.ExternalId));
            var five = await corpus.Ranking.RankCandidatesAsync(request with { Filter = filter, Top = 5 });
            Assert.Equal(filtered.Take(5).Select(place => place.ExternalId), five.Select(place => place.ExternalId));
        }
    }

    [Fact]
    public async Task IndexScanUnderAFilterIsNeverShort()
    {
        await using var corpus = await CreateRandomAsync(0);
        await corpus.ExecuteAsync($"""
            insert into contents (tenant, hash, bytes) select 'default', sha256(i::text::bytea), '' from generate_series(1, 12000) i;
            insert into documents (source, external_id, kind, current_version, content_hash, tags)
                select 'test', i::text, 'cv', 1, sha256(i::text::bytea), case when i % 2 = 0 then array['even'] else array[]::text[] end from generate_series(1, 12000) i;
            insert into vectors_{corpus.Profile.Id} (tenant, kind, content_hash, embedding)
                select 'default', 'cv', sha256(i::text::bytea), (select array_agg(random() - 0.5 + 0 * i * j) from generate_series(1, {Corpus.Dimension}) j)::real[]::halfvec
                from generate_series(1, 12000) i;
            create index on vectors_{corpus.Profile.Id} using hnsw (embedding halfvec_cosine_ops) with (m = 8, ef_construction = 32) where kind = 'cv';
            analyze;
            """);
        await using var connection = await corpus.Database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var scope = new SearchScope("default", DocumentKind.Cv, corpus.Profile, new RankingFilter { Tags = ["even"] }, null);
        var query = Corpus.Direction(new Random(1));
        var found = await DenseSearch.FindAsync(connection, scope, query, 100, exact: false, default, selective: 10);
        var exact = await DenseSearch.FindAsync(connection, scope, query, 100, exact: true, default, selective: 10);
        var few = await DenseSearch.FindAsync(connection, scope, query, 100, exact: false, default);
        Assert.Equal(exact, few);
        Assert.Equal(100, found.Count);
        Assert.InRange(found.Intersect(exact).Count(), 90, 100);
        Assert.Equal(found.OrderByDescending(hit => hit.Similarity), found);
    }

    [Fact]
    public async Task SameContentTakesOnePlaceAndNamesTheOthers()
    {
        await using var corpus = await FourAsync();
        await corpus.AddAsync("nurse-again", Nurse);
        await corpus.AddAsync("nurse-tagged", Nurse, tags: ["x"]);
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "nurse" });
        Assert.Equal(4, ranked.Count);
        Assert.Equal(["nurse-again", "nurse-tagged"], ranked[0].AlsoAs);
        var tagged = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "nurse", Filter = new RankingFilter { Tags = ["x"] } });
        Assert.Equal(("nurse-tagged", 0), (Assert.Single(tagged).ExternalId, tagged[0].AlsoAs.Count));
    }

    [Fact]
    public async Task DeletedDocumentsAndOldVersionsAreGone()
    {
        await using var corpus = await FourAsync();
        await corpus.AddAsync("cook", "Retired, now studying astronomy");
        await corpus.ExecuteAsync("delete from documents where external_id = 'nurse'");
        foreach (var mode in Enum.GetValues<RankingMode>())
        {
            var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "cook nurse developer teacher hotel kitchen", Mode = mode });
            Assert.DoesNotContain(ranked, place => place.ExternalId == "nurse");
            if (mode == RankingMode.Text) Assert.DoesNotContain(ranked, place => place.ExternalId == "cook");
            else Assert.Equal(Corpus.Vector("Retired, now studying astronomy").Zip(Corpus.Vector("cook nurse developer teacher hotel kitchen"), (a, b) => a * b).Sum(),
                ranked.Single(place => place.ExternalId == "cook").Similarity!.Value, 2);
        }
    }

    [Fact]
    public async Task TwoProfileVersionsNeverMeet()
    {
        await using var corpus = await FourAsync();
        var other = await Corpus.AddProfileAsync(corpus.Database, 2);
        await corpus.AddAsync("only-other", "A nurse in the other version", profile: other);
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "nurse" });
        Assert.DoesNotContain(ranked, place => place.ExternalId == "only-other");
        var fromOther = await new Ranking(corpus.Database, other, Corpus.EmbedAsync).RankCandidatesAsync(new RankingRequest { Text = "nurse" });
        Assert.Equal("only-other", Assert.Single(fromOther).ExternalId);
    }

    [Fact]
    public async Task PagesContinueEachOther()
    {
        await using var corpus = await CreateRandomAsync(60);
        foreach (var mode in Enum.GetValues<RankingMode>())
        {
            var request = new RankingRequest { Text = "nurse code music", Mode = mode, Top = 45 };
            var whole = await corpus.Ranking.RankCandidatesAsync(request);
            var pages = new List<RankedDocument>();
            for (var offset = 0; offset < whole.Count; offset += 7)
                pages.AddRange(await corpus.Ranking.RankCandidatesAsync(request with { Offset = offset, Top = Math.Min(7, whole.Count - offset) }));
            Assert.Equal(whole.Select(place => (place.Rank, place.DocumentId)), pages.Select(place => (place.Rank, place.DocumentId)));
        }
    }

    [Fact]
    public async Task StoredJobAndItsTextRankTheSame()
    {
        await using var corpus = await FourAsync();
        const string Text = "Looking for a developer who knows PostgreSQL";
        var job = await corpus.AddAsync("job", Text, DocumentKind.Job);
        var stored = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { DocumentId = job });
        var given = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = Text });
        Assert.Equal(given.Select(place => place.DocumentId), stored.Select(place => place.DocumentId));
    }

    [Fact]
    public async Task JobsForACv()
    {
        await using var corpus = await FourAsync();
        await corpus.AddAsync("job-1", "Wanted: nurse for wound care", DocumentKind.Job);
        await corpus.AddAsync("job-2", "Wanted: cook for our hotel", DocumentKind.Job);
        var cv = await corpus.AddAsync("nurse-2", "Nurse with wound care experience");
        var jobs = await corpus.Ranking.RankJobsAsync(new RankingRequest { DocumentId = cv });
        Assert.Equal(["job-1", "job-2"], jobs.Select(place => place.ExternalId));
        var others = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { DocumentId = cv });
        Assert.Equal("nurse", others[0].ExternalId);
        Assert.DoesNotContain(others, place => place.DocumentId == cv);
    }

    /// <summary>The same words in another order: who has the title's comes first, though the other has more of them.</summary>
    [Theory]
    [InlineData("Plumber, {0} with gas stoves", "plumber")]
    [InlineData("Gas stoves, {0} with a plumber", "fitter")]
    public async Task WhatAJobBeginsWithCountsMore(string job, string first)
    {
        await using var corpus = await FourAsync();
        await corpus.AddAsync("plumber", "Plumber since the age of twenty in Leeds");
        await corpus.AddAsync("fitter", "Fitted gas stoves in houses of Leeds");
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, job, "who gladly comes along on any weekday of the month but Sundays, helping us");
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = text, Mode = RankingMode.Text });
        Assert.Equal(first, ranked[0].ExternalId);
    }

    [Fact]
    public async Task ChineseIsFoundByPairsOfCharacters()
    {
        await using var corpus = await FourAsync();
        await corpus.AddAsync("zh-cook", "五年川菜厨师经验，熟悉厨房管理", language: "zh");
        await corpus.AddAsync("zh-developer", "后端开发工程师，精通数据库", language: "zh");
        var ranked = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = "招聘数据库开发工程师", Mode = RankingMode.Text });
        Assert.Equal("zh-developer", Assert.Single(ranked).ExternalId);
    }

    [Theory]
    [InlineData(null, null, 10, 0)]
    [InlineData("text", 5L, 10, 0)]
    [InlineData("  ", null, 10, 0)]
    [InlineData("text", null, 0, 0)]
    [InlineData("text", null, 10, -1)]
    [InlineData(null, 987654L, 10, 0)]
    public async Task ContradictionsAreRefused(string? text, long? id, int top, int offset)
    {
        await using var corpus = await Corpus.CreateAsync();
        await Assert.ThrowsAsync<ArgumentException>(() =>
            corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = text, DocumentId = id, Top = top, Offset = offset }));
    }

    private static async Task<Corpus> FourAsync()
    {
        var corpus = await Corpus.CreateAsync();
        await corpus.AddAsync("nurse", Nurse);
        await corpus.AddAsync("cook", Cook);
        await corpus.AddAsync("developer", Developer);
        await corpus.AddAsync("teacher", Teacher);
        return corpus;
    }

    private static async Task<Corpus> CreateRandomAsync(int documents)
    {
        var corpus = await Corpus.CreateAsync();
        var random = new Random(7);
        for (var i = 0; i < documents; i++)
        {
            await corpus.AddAsync($"cv-{i}", $"{Sentence(random)} number {i}", tags: [.. "abc".Where(_ => random.Next(2) == 0).Select(tag => tag.ToString())],
                location: random.Next(3) switch { 0 => "Berlin", 1 => "50% remote, Bern", _ => null }, language: random.Next(4) == 0 ? "zh" : "en",
                dated: random.Next(3) == 0 ? null : new DateOnly(2020, 1, 1).AddDays(random.Next(1000)));
        }

        return corpus;
    }

    private static string Sentence(Random random) => string.Join(' ', Enumerable.Range(0, 6).Select(_ => Words[random.Next(Words.Length)]));

    private static RankingFilter RandomFilter(Random random) => new()
    {
        Tags = random.Next(2) == 0 ? [] : ["a", "b"],
        Location = random.Next(3) switch { 0 => "BER", 1 => "50%", _ => null },
        Language = random.Next(3) == 0 ? "en" : null,
        Since = random.Next(3) == 0 ? new DateOnly(2020, 6, 1) : null,
        Until = random.Next(3) == 0 ? new DateOnly(2021, 6, 1) : null,
    };

    private static bool Passes(RankingFilter filter, RankedDocument place) =>
        filter.Tags.All(place.Tags.Contains)
        && (filter.Location is null || place.Location?.Contains(filter.Location, StringComparison.OrdinalIgnoreCase) == true)
        && (filter.Language is null || place.Language == filter.Language)
        && (filter.Since is null || place.DatedOn >= filter.Since) && (filter.Until is null || place.DatedOn <= filter.Until);
}
