using Orleans.Runtime;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Tests.Silos;

public class SiloDirectoryTests
{
    private readonly MadeUpMembership _membership = new();
    private readonly ManualTime _time = new();
    private readonly SiloDirectory _directory;
    private readonly SiloAddress _one, _two;

    public SiloDirectoryTests()
    {
        _directory = new SiloDirectory(_membership.IsDeadSilo, _time);
        (_one, _two) = (_membership.Add("one", 10), _membership.Add("two", 11));
    }

    [Fact]
    public void Everybody_is_listed_with_the_age_of_the_latest_report()
    {
        _directory.Note(Report("one", _one));
        _time.Advance(TimeSpan.FromSeconds(3));
        _directory.Note(Report("two", _two));
        var listed = _directory.List().Silos.ToDictionary(silo => silo.Report.Name);
        Assert.Equal((3, 0), (listed["one"].Age.TotalSeconds, listed["two"].Age.TotalSeconds));
        Assert.DoesNotContain(listed.Values, silo => silo.Dead);
    }

    [Fact]
    public void The_dead_are_shown_for_five_minutes()
    {
        _directory.Note(Report("one", _one));
        _membership.Become(_one, SiloStatus.Dead);
        Assert.True(Assert.Single(_directory.List().Silos).Dead);
        _time.Advance(SiloDirectory.KeepDead - TimeSpan.FromSeconds(1));
        Assert.Single(_directory.List().Silos);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_directory.List().Silos);
    }

    [Fact]
    public void A_silo_that_was_restarted_takes_the_place_of_the_one_that_died()
    {
        _directory.Note(Report("one", _one));
        _membership.Become(_one, SiloStatus.Dead);
        var again = _membership.Add("one", 12);
        _directory.Note(Report("one", again));
        Assert.Equal((again, false), (Assert.Single(_directory.List().Silos).Report.Address, _directory.List().Silos[0].Dead));
    }

    [Fact]
    public void Work_goes_to_silos_that_are_active_heard_of_and_staying()
    {
        var known = new KnownSilos(_membership, _time);
        var (drains, joins) = (_membership.Add("drains", 13), _membership.Add("joins", 14, SiloStatus.Joining));
        known.Update(new SiloListing
        {
            Silos =
            [
                new SiloEntry { Report = Report("one", _one) },
                new SiloEntry { Report = Report("two", _two), Age = KnownSilos.Stale },
                new SiloEntry { Report = Report("drains", drains) with { Draining = true } },
                new SiloEntry { Report = Report("joins", joins) },
            ],
        });
        Assert.Equal("one", Assert.Single(known.Working).Name);

        _time.Advance(KnownSilos.Stale);       // nobody says anything any more, here as elsewhere
        Assert.Empty(known.Working);
        Assert.Equal(4, known.All.Count);

        known.Update(Report("one", _one));
        Assert.Equal("one", Assert.Single(known.Working).Name);
        _membership.Become(_one, SiloStatus.Dead);
        Assert.Empty(known.Working);
    }

    [Fact]
    public void A_directory_that_was_made_anew_makes_nobody_forgotten()
    {
        var known = new KnownSilos(_membership, _time);
        known.Update(new SiloListing { Silos = [new SiloEntry { Report = Report("one", _one) }, new SiloEntry { Report = Report("two", _two) }] });
        _time.Advance(TimeSpan.FromSeconds(2));
        known.Update(new SiloListing { Silos = [new SiloEntry { Report = Report("two", _two) }] });
        Assert.Equal([2.0, 0.0], known.All.Select(silo => silo.Age.TotalSeconds));
        Assert.Equal(["one", "two"], known.Working.Select(silo => silo.Name));

        _time.Advance(KnownSilos.Stale);
        known.Update(new SiloListing { Silos = [new SiloEntry { Report = Report("two", _two) }] });
        Assert.Equal(["two"], known.All.Select(silo => silo.Report.Name));
    }

    private static SiloReport Report(string name, SiloAddress silo) => new() { Name = name, Address = silo };
}
