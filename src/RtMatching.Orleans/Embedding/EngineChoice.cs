using Orleans.Runtime;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Embedding;

/// <summary>Which silo's engine embeds what somebody waits for.</summary>
/// <remarks>
/// Chosen by whoever calls, for each call anew: Orleans remembers where it placed a stateless worker, and would go there again long after
/// its engine has failed.
/// </remarks>
internal sealed class EngineChoice(KnownSilos silos, ILocalSiloDetails self)
{
    // What is known is up to two seconds old: the least loaded of all would be everybody's choice until the next report. So of two drawn by
    // lot the less loaded, which spreads nearly as well and never herds.
    private const int Drawn = 2;

    // A call across the network costs about as much as so many texts waiting before one's own.
    private const int LocalBonus = 8;

    /// <param name="except">Tried already, by name.</param>
    /// <param name="profileVersionId">Silos that refused it are asked only where there is no other; null for no profile.</param>
    /// <returns>Null where no engine is ready.</returns>
    public SiloReport? Next(IReadOnlySet<string> except, long? profileVersionId)
    {
        var ready = silos.Working.Where(silo => silo.EngineReady && silo.EngineProblem is null && !except.Contains(silo.Name)).ToArray();
        var willing = ready.Where(silo => silo.Refusals.All(refusal => refusal.ProfileVersionId != profileVersionId)).ToArray();
        var from = willing.Length > 0 ? willing : ready;
        var drawn = from.Length <= Drawn ? from : Random.Shared.GetItems(from, Drawn).Concat(from.Where(IsLocal)).ToArray();
        return drawn.MinBy(silo => silo.Waiting - (IsLocal(silo) ? LocalBonus : 0));
    }

    /// <summary>Why there is none, for whoever asked in vain.</summary>
    public string WhyNone(long? profileVersionId)
    {
        var reasons = silos.All.Where(silo => silo is { Dead: false, Report.Engine: not null }).Select(silo => Reason(silo.Report, profileVersionId)).ToList();
        return reasons.Count == 0
            ? "No silo of the cluster has an engine: start one with --engine cpu or torch."
            : $"No engine of the cluster can embed this now: {string.Join("; ", reasons)}.";
    }

    private static string Reason(SiloReport silo, long? profileVersionId)
    {
        var refusal = silo.Refusals.FirstOrDefault(refused => refused.ProfileVersionId == profileVersionId)?.Reason;
        var why = refusal ?? silo.EngineProblem ?? (silo.Leaves ? "it drains or stops" : silo.EngineReady ? "it does not answer" : "its model is being loaded");
        return $"{silo.Name}: {why.TrimEnd('.')}";
    }

    private bool IsLocal(SiloReport silo) => silo.Address.Equals(self.SiloAddress);
}
