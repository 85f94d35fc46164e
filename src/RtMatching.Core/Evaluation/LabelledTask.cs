using RtMatching.Core.Profiles;

namespace RtMatching.Core.Evaluation;

/// <summary>A labelled data set: the texts that are embedded and how their vectors are judged.</summary>
public abstract class LabelledTask
{
    /// <summary>Of the data, for reports: the file's name.</summary>
    public required string Name { get; init; }

    /// <summary>Each distinct text once.</summary>
    public required IReadOnlyList<TaskText> Texts { get; init; }

    /// <summary>Pairs or queries: what the error bars are over.</summary>
    public abstract int Units { get; }

    /// <summary><c>pairs</c> or <c>queries</c>.</summary>
    public virtual string UnitName => "pairs";

    /// <summary>The units where each is two texts and a label, in the units' order; null for queries.</summary>
    public virtual IReadOnlyList<TextPair>? Pairs => null;

    /// <summary>The main metric's name, for example <c>spearman</c>.</summary>
    public abstract string Metric { get; }

    /// <summary>What main metric and differences are multiplied by in print; 100 for Spearman, as the papers do.</summary>
    public abstract double Scale { get; }

    /// <param name="vectors">One for each of <see cref="Texts"/>, L2-normalised. (texts, dimension)</param>
    public abstract Judgement Judge(IReadOnlyList<float[]> vectors);
}

/// <summary>A text and the part it plays: queries may get an instruction and passes that documents do not.</summary>
public sealed record TaskText(string Text, RefinedSide Side);
