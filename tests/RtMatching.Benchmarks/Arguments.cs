namespace RtMatching.Benchmarks;

/// <summary>What follows a benchmark's name.</summary>
internal static class Arguments
{
    public static int Number(string[] args, string name, int otherwise) => Text(args, name) is { } number ? int.Parse(number) : otherwise;

    public static string? Text(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
