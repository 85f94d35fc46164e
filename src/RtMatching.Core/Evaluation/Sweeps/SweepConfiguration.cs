using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Evaluation;

/// <summary>One way to embed the texts of a task.</summary>
/// <param name="Name">As reports call it, for example <c>prompt-eol</c>.</param>
/// <param name="Options">
/// With as many <see cref="EmbeddingOptions.Iterations"/> as are looked at; the instruction is the query side's. A stop rule is left out:
/// it is found afterwards in the traces (<see cref="Sweep.PassesUnder"/>).
/// </param>
/// <param name="Refined">The side that takes passes 2..k.</param>
public sealed record SweepConfiguration(string Name, EmbeddingOptions Options, RefinedSide Refined = RefinedSide.Both)
{
    /// <summary>How texts of one side are embedded. Texts of <see cref="RefinedSide.Both"/> play both parts.</summary>
    public EmbeddingOptions For(RefinedSide side) => Options with
    {
        Instruction = side == RefinedSide.Document ? null : Options.Instruction,
        Iterations = Refined == RefinedSide.Both || side == RefinedSide.Both || side == Refined ? Options.Iterations : 1,
        AllIterations = true,
        Stop = null,
    };

    /// <summary>The pooling with its passes, named after it.</summary>
    /// <param name="iterations">Taken by poolings that take passes; others have one.</param>
    public static SweepConfiguration Of(EmbeddingOptions options, int iterations, RefinedSide refined = RefinedSide.Both) =>
        new(options.Pooling.Name(), options with { Iterations = options.TakesPasses ? iterations : 1 }, refined);

    /// <exception cref="ArgumentException">The pooling or the model cannot honour an option; the message names the remedy.</exception>
    public void Validate(ModelConfig config)
    {
        foreach (var side in Enum.GetValues<RefinedSide>()) For(side).Validate(config);
    }
}
