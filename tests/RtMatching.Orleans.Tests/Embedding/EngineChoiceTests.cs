using Orleans.Runtime;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Embedding;
using RtMatching.Orleans.Silos;
using RtMatching.Orleans.Tests.Silos;

namespace RtMatching.Orleans.Tests.Embedding;

public class EngineChoiceTests
{
    private readonly MadeUpMembership _membership = new();
    private readonly KnownSilos _known;

    public EngineChoiceTests() => _known = new KnownSilos(_membership, TimeProvider.System);

    [Fact]
    public void Only_engines_that_are_ready_and_silos_that_stay()
    {
        Know(Report("ready"), Report("loading") with { EngineReady = false }, Report("broken") with { EngineProblem = "no device" },
            Report("drains") with { Draining = true }, Report("parses") with { Engine = null, EngineReady = false });
        for (var i = 0; i < 20; i++) Assert.Equal("ready", Choice().Next(new HashSet<string>(), null)!.Name);
        Assert.Null(Choice().Next(new HashSet<string> { "ready" }, null));
        var why = Choice().WhyNone(null);
        Assert.Contains("broken: no device", why, StringComparison.Ordinal);
        Assert.Contains("loading: its model is being loaded", why, StringComparison.Ordinal);
        Assert.DoesNotContain("parses", why, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_refused_the_profile_is_asked_only_where_there_is_no_other()
    {
        Know(Report("refuses") with { Refusals = [new RefusalReport { ProfileVersionId = 5, Reason = "other weights" }] }, Report("fits") with { Waiting = 1000 });
        for (var i = 0; i < 20; i++) Assert.Equal("fits", Choice().Next(new HashSet<string>(), 5)!.Name);
        Assert.Equal("refuses", Choice().Next(new HashSet<string> { "fits" }, 5)!.Name);
        Assert.Contains("refuses: other weights", Choice().WhyNone(5), StringComparison.Ordinal);
    }

    [Fact]
    public void The_less_loaded_of_two_and_its_own_where_it_hardly_matters()
    {
        Know(Report("busy") with { Waiting = 100 }, Report("idle"));
        Assert.Equal("idle", Choice().Next(new HashSet<string>(), null)!.Name);

        var here = Report("here");
        Know(here with { Waiting = 5 }, Report("idle"));
        Assert.Equal("here", Choice(here.Address).Next(new HashSet<string>(), null)!.Name);
    }

    [Fact]
    public void Many_callers_do_not_all_go_to_the_same()
    {
        Know([.. Enumerable.Range(0, 8).Select(i => Report($"engine{i}") with { Waiting = i })]);
        var chosen = Enumerable.Range(0, 400).Select(_ => Choice().Next(new HashSet<string>(), null)!.Name).ToList();
        Assert.True(chosen.Distinct().Count() >= 6);
        Assert.True(chosen.Count(name => name == "engine0") > chosen.Count(name => name == "engine6"));
    }

    private EngineChoice Choice(SiloAddress? here = null) => new(_known, new Details(here ?? MadeUpMembership.At(1)));

    private SiloReport Report(string name) => new()
    {
        Name = name, Address = _membership.Add(name, 100 + name.Sum(c => c)), Engine = "cpu", EngineReady = true,
    };

    private void Know(params SiloReport[] reports) =>
        _known.Update(new SiloListing { Silos = [.. reports.Select(report => new SiloEntry { Report = report })] });

    private sealed class Details(SiloAddress silo) : ILocalSiloDetails
    {
        public string Name => "here";
        public string ClusterId => "";
        public string DnsHostName => "";
        public SiloAddress SiloAddress => silo;
        public SiloAddress GatewayAddress => silo;
    }
}
