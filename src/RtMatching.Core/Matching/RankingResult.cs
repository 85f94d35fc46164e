using RtMatching.Core.Documents;

namespace RtMatching.Core.Matching;

/// <summary>Which evidence orders the ranking. Fused: reciprocal rank fusion of the other two.</summary>
public enum RankingMode { Fused, Dense, Text }

/// <summary>A place in a ranking: a candidate for a job, or a job for a CV.</summary>
/// <param name="Rank">From 1, counted over all pages.</param>
/// <param name="AlsoAs">External ids of other documents with the same content; they take no place of their own.</param>
/// <param name="Score">What the ranking is ordered by: the fused score, the cosine, or the text rank.</param>
/// <param name="Similarity">Cosine of the two vectors; null where only the text search found it.</param>
/// <param name="TextRank">BM25 over the full-text index; null where only the vectors found it.</param>
public sealed record RankedDocument(
    int Rank, long DocumentId, string Source, string ExternalId, IReadOnlyList<string> AlsoAs,
    double Score, double? Similarity, double? TextRank,
    IReadOnlyList<string> Tags, string? Location, string? Language, DateOnly? DatedOn,
    Explanation? Explanation);

/// <summary>Why a candidate stands where it stands, in terms that a recruiter can check in the CV.</summary>
/// <param name="Requirements">Every requirement line of the job, in its order.</param>
/// <param name="CommonTerms">Informative terms that job and CV share, the rarest first.</param>
public sealed record Explanation(IReadOnlyList<RequirementCoverage> Requirements, IReadOnlyList<string> CommonTerms);

public enum Coverage { Covered, Partly, Missing }

/// <param name="Requirement">The line of the job.</param>
/// <param name="Similarity">Cosine of the passage quoted; 0 where nothing comes near.</param>
/// <param name="Quote">The passage that covers it best; null where nothing comes near.</param>
/// <param name="Score">From 0 to 1, what the coverage is judged by: the passage's meaning and the terms it shares with the requirement.</param>
public sealed record RequirementCoverage(string Requirement, Coverage Coverage, double Similarity, Quote? Quote, double Score = 0);

/// <summary>A passage of the CV: <paramref name="Text"/> is exactly the stored text at <paramref name="Start"/>, UTF-16 units.</summary>
public sealed record Quote(int Start, int Length, SectionKind Section, string Text);
