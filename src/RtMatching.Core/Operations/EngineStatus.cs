namespace RtMatching.Core.Operations;

/// <summary>A process and device that embeds, as the status view shows it.</summary>
/// <param name="Name">Of the process and device, for example <c>host-1234 cpu</c>.</param>
/// <param name="Models">Loaded there.</param>
/// <param name="Work">Stages of the queue worked on there: parse, embed.</param>
/// <param name="Ready">The model of its profile is loaded.</param>
/// <param name="Problem">Why it is not; null where nothing is wrong.</param>
/// <param name="Texts">Embedded since it started.</param>
/// <param name="Tokens">Run through the model since it started.</param>
public sealed record EngineStatus(
    string Name, IReadOnlyList<string> Models, IReadOnlyList<string> Work, bool Ready, string? Problem, long Texts, long Tokens)
{
    /// <summary>Which of its devices are out while the others do their work, and why; null where all of them work.</summary>
    public string? Warning { get; init; }
}
