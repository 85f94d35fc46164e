using Orleans.Runtime;
using RtMatching.Core.Operations;
using RtMatching.Orleans.Contracts;
using Membership = Orleans.Runtime.SiloStatus;
using SiloStatus = RtMatching.Core.Operations.SiloStatus;

namespace RtMatching.Orleans.Silos;

/// <summary>The cluster as an operator sees it: what silos say of themselves, and what membership says of them.</summary>
public sealed class ClusterView
{
    private readonly KnownSilos _known;
    private readonly IClusterMembershipService _membership;

    internal ClusterView(KnownSilos known, IClusterMembershipService membership) => (_known, _membership) = (known, membership);

    /// <summary>By name; those that died lately included.</summary>
    public IReadOnlyList<SiloStatus> Silos()
    {
        var (reported, members) = (_known.All, _membership.CurrentSnapshot.Members);
        var addresses = reported.Select(silo => silo.Report.Address).ToHashSet();
        var silent = members.Values.Where(member => !addresses.Contains(member.SiloAddress) && member.Status is > Membership.None and < Membership.Dead);
        return [.. reported.Select(silo => Of(silo, members.GetValueOrDefault(silo.Report.Address)?.Status)).Concat(silent.Select(Of))
            .OrderBy(silo => silo.Name, StringComparer.Ordinal)];
    }

    /// <summary>Every engine of a living silo.</summary>
    public IReadOnlyList<EngineStatus> Engines() =>
    [
        .. from silo in _known.All
           let report = silo.Report
           where report.Engine is not null && !silo.Dead && _known.IsActive(report.Address)
           select new EngineStatus($"{report.Name} {report.Engine}", [.. report.Models.Select(model => model.Name)], Work(report),
               report.EngineReady && report.EngineProblem is null && silo.Age < KnownSilos.Stale, report.EngineProblem,
               report.Models.Sum(model => model.Texts), report.Models.Sum(model => model.Tokens)) { Warning = report.EngineWarning },
    ];

    private static SiloStatus Of(SiloEntry silo, Membership? membership)
    {
        var report = silo.Report;
        return new SiloStatus(report.Name, Address(report.Address), State(silo, membership ?? Membership.Dead), report.Version, report.StartedAt,
            Work(report), report.Engine, Problem(report), report.Batches, report.Grains, silo.Age.TotalSeconds)
        {
            Warning = report.EngineWarning,
        };
    }

    /// <summary>One that has not reported yet.</summary>
    private static SiloStatus Of(ClusterMember member) => new(member.Name, Address(member.SiloAddress), StateOf(member.Status), "", null, [], null, null, 0,
        new Dictionary<string, int>(), null);

    private static string State(SiloEntry silo, Membership membership)
    {
        if (silo.Dead) return SiloState.Dead;
        var state = StateOf(membership);
        if (state != SiloState.Active) return state;
        return silo.Report.Stopping ? SiloState.Stopping : silo.Report.Draining ? SiloState.Draining : state;
    }

    private static string StateOf(Membership membership) => membership switch
    {
        Membership.Active => SiloState.Active,
        Membership.Created or Membership.Joining => SiloState.Joining,
        Membership.ShuttingDown or Membership.Stopping => SiloState.Stopping,
        _ => SiloState.Dead,
    };

    private static string? Problem(SiloReport report) => report.EngineProblem ?? report.Refusals.FirstOrDefault() switch
    {
        null => null,
        { ProfileVersionId: 0 } refusal => refusal.Reason,
        var refusal => $"It refuses profile version {refusal.ProfileVersionId}: {refusal.Reason}",
    };

    private static IReadOnlyList<string> Work(SiloReport report) => [.. report.Stages.Select(stage => stage.Stage)];

    private static string Address(SiloAddress silo) => silo.Endpoint.ToString();
}
