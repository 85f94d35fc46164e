using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RtMatching.Core.Storage;
using RtMatching.Server.Limits;

namespace RtMatching.Server.Commands;

/// <summary>The limits and the environment below what System.CommandLine prints.</summary>
/// <param name="environment">The program's own variables, before those that all have.</param>
internal sealed class HostHelp(HelpAction help, IEnumerable<(string Name, string Meaning)> environment) : SynchronousCommandLineAction
{
    private static readonly (string Name, string Meaning)[] Shared =
    [
        (Database.Variable, "the database; without it, a private PostgreSQL of this user"),
        (LimitSettings.Variable + "NAME", "a limit, as --limit sets it"),
        ("Kestrel__Certificates__...", "Default__Path and Default__Password of the certificate for https"),
        (GivenKey.Variable, "an API key that this deployment chose, made known when the program starts: rtm_ and 43 letters, digits, - and _"),
        ("RTMATCH_MODELS", "the folder of models that requests may name"),
        ("RTMATCH_DEBUG=1", "shows where an unexpected error comes from"),
    ];

    public override int Invoke(ParseResult parsed)
    {
        var result = help.Invoke(parsed);
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine("Limits, with their defaults:");
        foreach (var (name, value, description) in LimitSettings.All) output.WriteLine($"  {name + '=' + value,-28}  {description}");
        output.WriteLine();
        output.WriteLine("Environment:");
        foreach (var (name, meaning) in environment.Concat(Shared)) output.WriteLine($"  {name,-28}  {meaning}");
        output.WriteLine();
        output.WriteLine("Ends with 0 (stopped as told), 1 (failed) or 2 (wrong command line).");
        return result;
    }
}
