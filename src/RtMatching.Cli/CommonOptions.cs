using System.CommandLine;

namespace RtMatching.Cli;

/// <summary>Options that several commands share, so that they read the same everywhere.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print the result as JSON.",
        Recursive = true,
    };

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "Another database on the same server, for example the demo's.",
        Recursive = true,
        HelpName = "NAME",
    };

    public static readonly Option<string?> Server = new("--server")
    {
        Description = "Do it on this server instead of here; RTMATCH_SERVER sets it too.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("RTMATCH_SERVER"),
        HelpName = "URL",
    };

    public static readonly Option<string?> Key = new("--key")
    {
        Description = "The server's API key; RTMATCH_KEY sets it too, and keeps it out of the list of processes.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("RTMATCH_KEY"),
        HelpName = "K",
    };

    public static Option<string> Profile() => new("--profile")
    {
        Description = "The task profile.",
        DefaultValueFactory = _ => Core.Profiles.TaskProfile.DefaultName,
        HelpName = "NAME",
    };

    public static Option<string?> Model() => new("--model")
    {
        Description = "A Hugging Face folder, a GGUF file, or a name that `models list` shows; the built-in model without it.",
        HelpName = "M",
    };
}
