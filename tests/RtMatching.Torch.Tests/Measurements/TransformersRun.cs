using System.Diagnostics;
using System.Text.Json;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>Hugging Face transformers over the same shape and lengths, in a Python of the user's that has it and torch.</summary>
internal static class TransformersRun
{
    private const string Script = "transformers_speed.py";

    /// <exception cref="InvalidOperationException">The script failed; it has said why on standard error.</exception>
    public static List<SpeedRow> Run(SpeedOptions options, string python)
    {
        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "Measurements", Script)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Write(JsonSerializer.Serialize(Request(options)));
        process.StandardInput.Close();
        var rows = new List<SpeedRow>();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (!line.StartsWith('{')) continue;       // libraries under it say things there too
            var answer = JsonDocument.Parse(line).RootElement;
            if (answer.TryGetProperty("way", out var way)) rows.Add(Row(answer, way.GetString()!));
            else Console.WriteLine($"transformers {answer.GetProperty("transformers")} on torch {answer.GetProperty("torch")}, {answer.GetProperty("threads")} threads");
        }

        process.WaitForExit();
        return process.ExitCode == 0 ? rows : throw new InvalidOperationException($"{python} {Script} ended with {process.ExitCode}.");
    }

    private static SpeedRow Row(JsonElement answer, string way)
    {
        var (tokens, texts) = (answer.GetProperty("tokens").GetInt32(), answer.GetProperty("batch").GetInt32());
        var peak = answer.GetProperty("peak_bytes") is { ValueKind: JsonValueKind.Number } bytes ? bytes.GetInt64() : (long?)null;
        return new SpeedRow(
            $"transformers {way}", tokens, answer.GetProperty("iterations").GetInt32(), texts, texts * tokens, answer.GetProperty("seconds").Deserialize<double[]>()!, peak);
    }

    private static object Request(SpeedOptions options) => new
    {
        config = new
        {
            vocab_size = options.Config.Vocabulary, hidden_size = options.Config.Hidden, intermediate_size = options.Config.FeedForward,
            num_hidden_layers = options.Config.Layers, num_attention_heads = options.Config.Heads, num_key_value_heads = options.Config.KeyValueHeads,
            head_dim = options.Config.HeadDim, max_position_embeddings = options.Config.Window, rms_norm_eps = options.Config.NormEpsilon,
        },
        device = options.Device.ToString(), precision = options.Precision == TorchPrecision.BFloat16 ? "bf16" : "f32",
        tokens = options.Tokens, iterations = options.Iterations, rounds = options.Rounds, batch_tokens = options.Work,
    };
}
