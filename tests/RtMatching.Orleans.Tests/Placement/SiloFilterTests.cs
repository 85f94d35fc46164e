using Orleans.Runtime;
using Orleans.Runtime.Placement;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;
using RtMatching.Orleans.Tests.Silos;

namespace RtMatching.Orleans.Tests.Placement;

public class SiloFilterTests
{
    private readonly MadeUpMembership _membership = new();
    private readonly KnownSilos _known;
    private readonly SiloAddress _engine, _parser, _fresh;

    public SiloFilterTests()
    {
        _known = new KnownSilos(_membership, TimeProvider.System);
        _engine = _membership.Add("engine", 10, metadata: [("rtmatch.work", "embed"), ("rtmatch.engine", "cpu")]);
        _parser = _membership.Add("parser", 11, metadata: [("rtmatch.work", "parse"), ("rtmatch.engine", "none")]);
        _fresh = _membership.Add("fresh", 12);
    }

    [Theory]
    [InlineData(SiloNeed.NamedEngine, "engine", true)]
    [InlineData(SiloNeed.NamedEngine, "parser", false)]
    [InlineData(SiloNeed.NamedParser, "parser", true)]
    [InlineData(SiloNeed.NamedParser, "engine", false)]
    [InlineData(SiloNeed.Named, "parser", true)]
    [InlineData(SiloNeed.Named, "nobody", false)]
    public void The_silo_that_the_key_names_is_the_only_one_and_only_where_it_can(SiloNeed need, string key, bool placed)
    {
        var found = Filter(need, key);
        if (placed) Assert.Equal(key == "engine" ? _engine : _parser, Assert.Single(found));
        else Assert.Empty(found);
    }

    [Fact]
    public void Where_metadata_lags_a_silos_own_report_says_what_it_can()
    {
        Assert.Empty(Filter(SiloNeed.NamedEngine, "fresh"));
        _known.Update(Listing(new SiloReport { Name = "fresh", Address = _fresh, Engine = "cpu" }));
        Assert.Equal(_fresh, Assert.Single(Filter(SiloNeed.NamedEngine, "fresh")));
        Assert.Empty(Filter(SiloNeed.NamedParser, "fresh"));
    }

    [Fact]
    public void What_coordinates_stays_away_from_silos_that_leave_as_long_as_one_stays()
    {
        _known.Update(Listing(
            new SiloReport { Name = "engine", Address = _engine, Draining = true }, new SiloReport { Name = "parser", Address = _parser, Stopping = true }));
        Assert.Equal(_fresh, Assert.Single(Filter(SiloNeed.Staying, "7")));

        _known.Update(Listing([.. new[] { _engine, _parser, _fresh }.Select(silo => new SiloReport { Address = silo, Draining = true })]));
        Assert.Equal(3, Filter(SiloNeed.Staying, "7").Count);
    }

    [Fact]
    public void A_silo_that_drains_still_answers_for_what_it_has_begun()
    {
        _known.Update(Listing(new SiloReport { Name = "engine", Address = _engine, Engine = "cpu", Draining = true }));
        Assert.Equal(_engine, Assert.Single(Filter(SiloNeed.NamedEngine, "engine")));
    }

    private static SiloListing Listing(params SiloReport[] reports) => new() { Silos = [.. reports.Select(report => new SiloEntry { Report = report })] };

    private List<SiloAddress> Filter(SiloNeed need, string key)
    {
        var target = new PlacementTarget(GrainId.Create("rtmatch.test", key), null!, default, 1);
        return [.. new SiloFilterDirector(_membership, _membership, _known).Filter(new SiloFilter(need), target, [_engine, _parser, _fresh])];
    }
}
