namespace RtMatching.Core.Evaluation;

/// <summary>The units in two halves by chance: what is set on one is tried on the other.</summary>
public sealed record UnitHalves(IReadOnlyList<int> Calibrating, IReadOnlyList<int> Confirming)
{
    public static UnitHalves Of(int units, int seed = 1)
    {
        var order = new UnitDraw(seed, int.MaxValue).Shuffle(units);        // a stream that no resample uses
        return new UnitHalves([.. order.Take((units + 1) / 2).Order()], [.. order.Skip((units + 1) / 2).Order()]);
    }
}
