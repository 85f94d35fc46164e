namespace RtMatching.Core.Evaluation;

/// <param name="First">Index of its text among the task's.</param>
/// <param name="Second">Likewise.</param>
/// <param name="Score">A grade, or 1 and 0 for yes and no.</param>
public readonly record struct TextPair(int First, int Second, double Score);
