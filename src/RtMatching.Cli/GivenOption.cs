using System.CommandLine;
using System.CommandLine.Parsing;

namespace RtMatching.Cli;

/// <summary>Whether the user wrote an option, which a default value hides.</summary>
internal static class GivenOption
{
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    public static bool IsGiven(this SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>The value that the user gave; null where none was.</summary>
    public static T? Given<T>(this ParseResult parsed, Option<T> option) where T : struct => parsed.IsGiven(option) ? parsed.GetValue(option) : null;
}
