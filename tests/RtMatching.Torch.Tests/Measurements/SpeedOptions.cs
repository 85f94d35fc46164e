using RtMatching.Benchmarks;
using RtMatching.Inference.Model;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>What <c>speed</c> is asked to measure.</summary>
/// <param name="Tokens">Of each text; every length is measured by itself.</param>
/// <param name="Work">Tokens of one measurement, rounded to whole texts.</param>
/// <param name="Batch">Tokens in a batch; null is what the engine chooses.</param>
/// <param name="Python">Runs Hugging Face transformers beside it.</param>
internal sealed record SpeedOptions(
    string Shape, ModelConfig Config, TorchDevice Device, TorchPrecision Precision, int[] Tokens, int[] Iterations, int Rounds, int Work, int? Batch,
    bool Managed, string? Python)
{
    /// <exception cref="FormatException">A number or a name that is none.</exception>
    public static SpeedOptions Parse(string[] args)
    {
        var shape = Arguments.Text(args, "--shape") ?? "smollm2";
        var device = TorchDevice.Parse(Arguments.Text(args, "--device") ?? "cpu") ?? throw new FormatException("--device is cpu or cuda:N");
        var tokens = Numbers(args, "--tokens", "32,512,2048");
        return new SpeedOptions(
            shape, MeasuredShape.Of(shape) with { Window = tokens.Max() + 1 }, device, PrecisionOf(args, device), tokens, Numbers(args, "--iterations", "1,8"),
            Arguments.Number(args, "--rounds", 5), Arguments.Number(args, "--work", device.IsCuda ? 262_144 : 4096),
            Arguments.Text(args, "--batch") is { } batch ? int.Parse(batch) : null, args.Contains("--managed"), Arguments.Text(args, "--transformers"));
    }

    public int Texts(int tokens) => Math.Max(1, Work / tokens);

    private static TorchPrecision PrecisionOf(string[] args, TorchDevice device) => Arguments.Text(args, "--precision") switch
    {
        "f32" => TorchPrecision.Float32,
        "bf16" => TorchPrecision.BFloat16,
        null => device.IsCuda ? TorchPrecision.BFloat16 : TorchPrecision.Float32,
        var other => throw new FormatException($"--precision is f32 or bf16, not '{other}'"),
    };

    private static int[] Numbers(string[] args, string name, string otherwise) => [.. (Arguments.Text(args, name) ?? otherwise).Split(',').Select(int.Parse)];
}
