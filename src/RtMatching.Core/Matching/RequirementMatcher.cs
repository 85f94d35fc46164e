using System.Numerics.Tensors;
using RtMatching.Core.Documents;

namespace RtMatching.Core.Matching;

/// <summary>A line of a job or a passage of a CV, ready to be compared.</summary>
/// <param name="Text">Exactly the text's at <paramref name="Range"/>.</param>
/// <param name="Vector">L2-normalised. (dimension)</param>
/// <param name="Lexemes">Distinct.</param>
internal sealed record ComparedPassage(string Text, Passage Range, float[] Vector, IReadOnlySet<string> Lexemes);

/// <summary>Decides which requirement of a job is covered by which passage of a CV.</summary>
/// <param name="background">Vectors of lines that say nothing about the requirement: what similarity means nothing. (lines, dimension)</param>
/// <param name="idf">How informative a lexeme is.</param>
internal sealed class RequirementMatcher(IReadOnlyList<float[]> background, Func<string, double> idf)
{
    // Cosines of small embedding models crowd together and every requirement has its own level, so a similarity is measured in
    // standard deviations above that requirement's similarities to the background lines. With these values and rt-mini 20% of a software job's
    // requirements count as covered by an IT CV and 5% by a chef's (the benchmarks' `quality`).
    private const double Unrelated = 3;
    private const double Paraphrase = 5.5;

    // Meaning alone or terms alone can cover a requirement, neither without being strong.
    private const double MeaningCounts = 0.75;
    private const double TermsCount = 0.75;

    private const double CoveredFrom = 0.5;
    private const double PartlyFrom = 0.25;

    public RequirementCoverage Match(ComparedPassage requirement, IReadOnlyList<ComparedPassage> passages)
    {
        var text = requirement.Text;
        var (mean, deviation) = Level(requirement.Vector);
        var best = passages.Select(passage => (Passage: passage, Score: Score(requirement, passage, mean, deviation)))
            .DefaultIfEmpty().MaxBy(pair => pair.Score);
        if (best.Passage is not { } quoted || best.Score < PartlyFrom) return new RequirementCoverage(text, Coverage.Missing, 0, null, best.Score);
        var coverage = best.Score >= CoveredFrom ? Coverage.Covered : Coverage.Partly;
        var quote = new Quote(quoted.Range.Start, quoted.Range.Length, quoted.Range.Section, quoted.Text);
        return new RequirementCoverage(text, coverage, Cosine(requirement.Vector, quoted.Vector), quote, best.Score);
    }

    private double Score(ComparedPassage requirement, ComparedPassage passage, double mean, double deviation)
    {
        var above = (Cosine(requirement.Vector, passage.Vector) - mean) / deviation;
        var meaning = MeaningCounts * Math.Clamp((above - Unrelated) / (Paraphrase - Unrelated), 0, 1);
        var terms = TermsCount * SharedTerms(requirement, passage);
        return 1 - (1 - meaning) * (1 - terms);
    }

    /// <summary>The share of the requirement's information, by idf, that the passage holds.</summary>
    private double SharedTerms(ComparedPassage requirement, ComparedPassage passage)
    {
        var all = requirement.Lexemes.Sum(idf);
        return all > 0 ? requirement.Lexemes.Where(passage.Lexemes.Contains).Sum(idf) / all : 0;
    }

    private (double Mean, double Deviation) Level(float[] requirement)
    {
        var cosines = background.Select(line => Cosine(requirement, line)).ToArray();
        var mean = cosines.Average();
        var deviation = Math.Sqrt(cosines.Average(cosine => (cosine - mean) * (cosine - mean)));
        return (mean, Math.Max(deviation, 1e-6));
    }

    private static double Cosine(float[] a, float[] b) => TensorPrimitives.Dot(a, b);
}
