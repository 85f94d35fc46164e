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

    /// <summary>Made-up weights as a model made for this decoder would have them: published models are stored in what they are run in.</summary>
    static virtual IWeights Stored(IWeights weights) => weights;

    static abstract IDecoder Build(ModelConfig config, IWeights weights);
}
