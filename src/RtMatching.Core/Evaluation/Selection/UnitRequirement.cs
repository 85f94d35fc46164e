namespace RtMatching.Core.Evaluation;

/// <summary>There are too few labelled pairs or queries to choose from; the message says how many are needed.</summary>
public sealed class TooFewUnitsException(string message) : Exception(message);

/// <summary>How many labelled units it takes before a choice between numbers of passes can be more than a guess.</summary>
public static class UnitRequirement
{
    /// <summary>
    /// The standard error of the difference between two rank correlations that themselves correlate by 0.9 (what passes of one model
    /// reach, or more) is sqrt(2 * 0.1 / n). With 50 units that is 0.063, so that a difference must reach 0.12 to lie outside its 95%
    /// interval: the largest effect of passes ever published (0.13, JD2CV, k = 1 to 8) can just be seen. With fewer, nothing known can.
    /// </summary>
    public const int LeastUnits = 50;

    /// <summary>
    /// The standard error of an AUC of 0.7 over m units of the rarer label is 0.29 / sqrt(m) (Hanley and McNeil, 1982): with 10 it is
    /// 0.09, and with fewer the resamples hold so few different ones that their spread understates it.
    /// </summary>
    public const int LeastOfEachLabel = 10;

    /// <param name="labels">Of the units, where each has one; null otherwise.</param>
    /// <exception cref="TooFewUnitsException">A choice would be a guess.</exception>
    public static void Check(int units, string unitName, IReadOnlyList<double>? labels)
    {
        if (units < LeastUnits)
            throw new TooFewUnitsException($"{units} {unitName} cannot tell one number of passes from another: even the largest effect known would be " +
                $"lost in the error. At least {LeastUnits} {unitName} are needed, and {2 * LeastUnits} to calibrate a stop rule; " +
                "'rtmatch eval' shows the figures of fewer");
        if (labels is null || !IsBinary(labels)) return;
        var ones = labels.Count(label => label == labels.Max());
        if (Math.Min(ones, units - ones) < LeastOfEachLabel)
            throw new TooFewUnitsException($"of {units} {unitName} {ones} are positive and {units - ones} negative: at least {LeastOfEachLabel} of " +
                "each are needed before a choice between numbers of passes is more than a guess; add labelled ones of the rarer kind");
    }

    /// <summary>There are two labels, whatever they are called.</summary>
    public static bool IsBinary(IReadOnlyList<double> labels) => labels.Distinct().Take(3).Count() == 2;
}
