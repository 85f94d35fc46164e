using System.Diagnostics;
using RtMatching.Benchmarks;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>
/// Whether memory stays where it was: batches with everything captured, refined by some of their texts, some of them cancelled, for so many batches
/// or so long. Fails where the process, or the device, has grown by more than the bound.
/// </summary>
/// <remarks>
/// The same shapes come round again and again, and all have come before memory is first looked at: matrix libraries keep what they compiled for
/// each shape (oneDNN a thousand of them), which is no leak. <c>--shapes</c> says how many.
/// </remarks>
internal static class Flatness
{
    /// <summary>Allocators keep blocks of sizes that came late; what a batch leaves behind would be many times this in a thousand batches.</summary>
    private const long Bound = 64L << 20;
    private const int WarmUpRounds = 4;
    private const int MaxTexts = 16;
    private const int MaxTokens = 200;
    private const Capture Everything = Capture.Refinement | Capture.MeanStates | Capture.Values | Capture.AttentionOutputs;

    public static int Memory(string[] args) => Run(args, Arguments.Number(args, "--batches", 1000), null);

    public static int Soak(string[] args) => Run(args, int.MaxValue, TimeSpan.FromMinutes(Arguments.Number(args, "--minutes", 10)));

    private static int Run(string[] args, int batches, TimeSpan? time)
    {
        var options = SpeedOptions.Parse([.. args, "--tokens", $"{MaxTokens + 1}"]);
        TorchLibrary.Require(new TorchDevices([options.Device]));
        using var decoder = new TorchDecoder(options.Config, new RepeatedWeights(options.Config), options.Device, options.Precision);
        var shapes = Arguments.Number(args, "--shapes", 50);
        for (var i = 0; i < WarmUpRounds * shapes; i++) Batch(decoder, new Random(i % shapes));
        var before = Footprint.Of(options.Device);
        Console.WriteLine($"{options.Shape} on {options.Device} in {options.Precision}; {WarmUpRounds} times {shapes} batches, then {before}");

        var (start, shown, done, cancelled) = (Stopwatch.GetTimestamp(), TimeSpan.Zero, 0, 0);
        for (; done < batches && (time is null || Stopwatch.GetElapsedTime(start) < time); done++)
        {
            if (!Batch(decoder, new Random(done % shapes))) cancelled++;
            if (Stopwatch.GetElapsedTime(start) - shown < TimeSpan.FromMinutes(1)) continue;
            shown = Stopwatch.GetElapsedTime(start);
            Console.WriteLine($"  {shown.TotalMinutes,4:f0} min, {done + 1,7} batches: {Footprint.Of(options.Device)}");
        }

        var after = Footprint.Of(options.Device);
        Console.WriteLine($"after {done} more in {Stopwatch.GetElapsedTime(start).TotalSeconds:f0} s, {cancelled} of them cancelled: {after}");
        Console.WriteLine($"grown by {after - before}; the bound is {Bound >> 20} MiB");
        return after.GrewMoreThan(Bound, before) ? 1 : 0;
    }

    /// <summary>False where it was cancelled on its way.</summary>
    private static bool Batch(TorchDecoder decoder, Random random)
    {
        var batch = new PackedBatch([.. Enumerable.Range(0, 1 + random.Next(MaxTexts)).Select(_ => Ids(random, decoder.Config.Vocabulary))]);
        var capture = random.Next(3) == 0 ? Capture.Refinement : Everything;
        using var cancellation = new CancellationTokenSource();
        if (random.Next(10) == 0) cancellation.CancelAfter(TimeSpan.FromMicroseconds(random.Next(20_000)));
        try
        {
            using var state = decoder.Prefill(batch, capture, new MemorySource(PreNorm: random.Next(2) == 0), cancellation: cancellation.Token);
            var rows = Enumerable.Range(0, batch.Rows).ToArray();
            for (var k = 1 + random.Next(4); k > 1 && rows.Length > 0; k--)
            {
                var memory = new float[rows.Length * decoder.Config.Hidden];
                state.Memory(rows, memory);
                state.Refine(rows, memory, cancellation.Token);
                rows = [.. rows.Where(_ => random.Next(4) > 0)];        // as a stop rule ends single texts
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static int[] Ids(Random random, int vocabulary) =>
        [.. Enumerable.Range(0, 1 + random.Next(1 + random.Next(MaxTokens))).Select(_ => random.Next(vocabulary))];
}

/// <summary>Bytes that the process and its device hold.</summary>
/// <param name="Private">Memory that is the process's alone, without what .NET's collector manages.</param>
internal readonly record struct Footprint(long Resident, long Private, long Device)
{
    public static Footprint Of(TorchDevice device)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var native = PrivateBytes() - GC.GetGCMemoryInfo().TotalCommittedBytes;
        var memory = device.IsCuda ? device.Memory() : default;
        return new Footprint(process.WorkingSet64, native, memory.Used);
    }

    public static Footprint operator -(Footprint one, Footprint other) =>
        new(one.Resident - other.Resident, one.Private - other.Private, one.Device - other.Device);

    public bool GrewMoreThan(long bound, Footprint before)
    {
        var growth = this - before;
        return growth.Private > bound || growth.Device > bound;
    }

    public override string ToString() =>
        $"resident {Resident >> 20} MiB, native {Private >> 20} MiB" + (Device == 0 ? "" : $", device {Device >> 20} MiB");

    /// <summary>What is resident and backed by no file: mapped weights and libraries come and go as the system likes.</summary>
    private static long PrivateBytes()
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status)) return Environment.WorkingSet;
        var line = File.ReadLines(Status).First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);
    }
}
