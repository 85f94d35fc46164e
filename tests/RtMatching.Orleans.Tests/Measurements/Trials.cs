using System.Globalization;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary><c>trials N</c>: N times <see cref="KillTrial"/> at other moments, after one that nothing disturbs.</summary>
internal static class Trials
{
    public static async Task<int> RunAsync(string[] args)
    {
        var count = args is [var given, ..] ? int.Parse(given, CultureInfo.InvariantCulture) : 20;
        var undisturbed = await KillTrial.RunAsync(seed: 0, kill: false);
        Console.WriteLine($"undisturbed: {undisturbed.Took.TotalSeconds:0.0} s for {KillTrial.Cvs} CVs, longest pause {undisturbed.LongestPause.TotalSeconds:0.0} s");
        var results = new List<KillResult>();
        for (var seed = 1; seed <= count; seed++)
        {
            var result = await KillTrial.RunAsync(seed);
            results.Add(result);
            Console.WriteLine(
                $"trial {seed,2}: {result.Took.TotalSeconds,5:0.0} s, lost time {(result.Took - undisturbed.Took).TotalSeconds,5:0.0} s, "
                + $"longest pause {result.LongestPause.TotalSeconds,4:0.0} s, lost {result.Lost}, double {result.Double}; killed: {result.Killed}");
        }

        Console.WriteLine($"{count} trials: lost {results.Sum(result => result.Lost)}, double {results.Sum(result => result.Double)}, "
            + $"lost time median {Median(results.Select(result => (result.Took - undisturbed.Took).TotalSeconds)):0.0} s, "
            + $"longest {results.Max(result => (result.Took - undisturbed.Took).TotalSeconds):0.0} s");
        return results.All(result => result is { Lost: 0, Double: 0 }) ? 0 : 1;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
