namespace RtMatching.Benchmarks;

/// <summary>What follows a benchmark's name.</summary>
internal static class Arguments
{
    public static int Number(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1]) : otherwise;
}
