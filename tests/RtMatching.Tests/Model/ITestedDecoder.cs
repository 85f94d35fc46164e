using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>
/// A decoder that the contracts are run over. What every decoder must do is written once, in the files named *Contract.cs, which the tests of an
/// optional decoder compile too; a project has a line for each decoder of its own.
/// </summary>
public interface ITestedDecoder
{
    /// <summary>How far a vector may be from exact arithmetic's, as a share of its length.</summary>
    static virtual double Tolerance => 1e-4;

    /// <summary>It computes with the file's own numbers, not with what they are rounded to.</summary>
    static virtual bool KeepsWeights => true;

    static abstract IDecoder Build(ModelConfig config, IWeights weights);
}
