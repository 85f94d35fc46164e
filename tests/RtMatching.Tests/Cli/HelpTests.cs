using System.CommandLine;
using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

/// <summary>The documentation is part of the program: what exists is described, in its help and in the README.</summary>
public class HelpTests
{
    public static TheoryData<string> Commands()
    {
        var data = new TheoryData<string>();
        foreach (var (path, command) in Walk(CommandLine.Create(), ""))
            if (!command.Hidden) data.Add(path);
        return data;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_and_option_has_a_description(string path)
    {
        var command = Walk(CommandLine.Create(), "").Single(c => c.Path == path).Command;
        Assert.False(string.IsNullOrWhiteSpace(command.Description), $"'{path}' has no description");
        Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"'{path} {option.Name}' has no description"));
        Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), $"'{path} {argument.Name}' has no description"));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_stands_in_the_readme(string path)
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));
        Assert.Contains(path, readme, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Path, Command Command)> Walk(Command command, string prefix)
    {
        foreach (var child in command.Subcommands)
        {
            var path = prefix.Length == 0 ? child.Name : $"{prefix} {child.Name}";
            yield return (path, child);
            foreach (var inner in Walk(child, path)) yield return inner;
        }
    }
}
