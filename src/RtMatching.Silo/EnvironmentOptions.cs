using System.CommandLine;

namespace RtMatching.Silo;

/// <summary>Options that the environment may set where the command line does not; of an option's several variables the first that is set.</summary>
internal sealed class EnvironmentOptions(params (Option Option, string Variable)[] options)
{
    public IEnumerable<(string Name, string Meaning)> Help => options.Select(option => (option.Variable, $"as {option.Option.Name} says it"));

    /// <summary>The command line's own words and, for options that it does not hold, those of the environment.</summary>
    public string[] Add(ParseResult parsed) =>
    [
        .. parsed.Tokens.Select(token => token.Value),
        .. options.Where(option => parsed.GetResult(option.Option) is null or { Implicit: true })
            .Select(option => (option.Option, Value: Environment.GetEnvironmentVariable(option.Variable)))
            .Where(option => option.Value is { Length: > 0 })
            .DistinctBy(option => option.Option)
            .SelectMany(option => new[] { option.Option.Name, option.Value! }),
    ];
}
