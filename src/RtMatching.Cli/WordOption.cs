using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace RtMatching.Cli;

/// <summary>An option whose value is one of an enumeration's names, written as words: <c>--memory-states pre-norm</c>.</summary>
internal static class WordOption
{
    public static Option<T> Of<T>(string name, string description) where T : struct, Enum
    {
        var words = Enum.GetValues<T>().ToDictionary(Word, value => value, StringComparer.OrdinalIgnoreCase);
        var choice = string.Join(", ", words.Keys);
        return new Option<T>(name)
        {
            Description = $"{description}: {choice}.",
            HelpName = string.Join('|', words.Keys),
            CustomParser = result => words.TryGetValue(result.Tokens[0].Value, out var value) ? value : Refused<T>(result, name, choice),
        };
    }

    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static T Refused<T>(ArgumentResult result, string name, string choice)
    {
        result.AddError($"{name} {result.Tokens[0].Value}: not one of {choice}");
        return default!;
    }
}
