using System.CommandLine;
using Microsoft.AspNetCore.Http;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Limits;

namespace RtMatching.Server.Commands;

/// <summary>The options that every program with these endpoints has, and how their values are read.</summary>
internal static class HostSettings
{
    public const string DefaultUrl = "http://127.0.0.1:8080";

    public static Option<bool> RequireKeys { get; } = new("--require-keys")
    {
        Description = "Ask for API keys on loopback too, for example behind a proxy of the same machine.",
    };

    public static Option<string[]> Limit { get; } = new("--limit")
    {
        Description = "Another limit than below, for example Rankings=16; any number of times.",
        HelpName = "NAME=N",
    };

    public static Option<string?> DatabaseName { get; } = new("--database") { Description = "Another database on the same server.", HelpName = "NAME" };

    /// <param name="option">Named where one of <paramref name="urls"/> cannot be listened on.</param>
    /// <exception cref="UsageException">One of them is no address to listen on.</exception>
    public static string CheckedUrls(string option, string urls)
    {
        foreach (var url in urls.Split(';'))
        {
            if (!IsAddress(url)) throw new UsageException($"{option} {url}: write an address like {DefaultUrl}, http://[::]:8080 or http://unix:/run/rtmatch.sock");
        }

        return urls;
    }

    private static bool IsAddress(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http" or "https", PathBase: "", Port: >= 0 and <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>What the environment sets, and then the command line.</summary>
    /// <exception cref="UsageException">An unknown limit, or a value that is none.</exception>
    public static RequestLimits Limits(IEnumerable<string> settings)
    {
        try
        {
            return settings.Aggregate(LimitSettings.FromEnvironment(Environment.GetEnvironmentVariables()), LimitSettings.Set);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    /// <exception cref="UsageException">Other words than the stages'.</exception>
    public static IngestionStages Work(string text) =>
        TryParseWork(text, out var work) ? work : throw new UsageException($"--work {text}: write parse,embed, parse, embed or none");

    public static bool TryParseWork(string text, out IngestionStages stages)
    {
        stages = 0;
        if (text == "none") return true;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (name is not ("parse" or "embed")) return false;
            stages |= name == "parse" ? IngestionStages.Parse : IngestionStages.Embed;
        }

        return true;
    }

    /// <summary>Stages as a line about them ends: <c>works parse, embed</c>.</summary>
    public static string Describe(IngestionStages work) =>
        work == 0 ? "on no stage of the queue" : $"on {work.ToString().ToLowerInvariant().Replace("all", "parse, embed", StringComparison.Ordinal)}";
}
