using System.CommandLine;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;
using RtMatching.Server.Commands;
using RtMatching.Torch;

namespace RtMatching.Silo;

/// <summary>What embeds here, ready to load models.</summary>
/// <param name="Name">For example cpu, or torch cuda:0,cuda:1 bf16.</param>
/// <param name="Load">Gives the model at a path; null: the built-in one.</param>
/// <param name="Gpus">That it runs on.</param>
internal sealed record SiloEngine(string Name, Func<string?, LanguageModel> Load, int Gpus = 0)
{
    /// <summary>Batches of one ingestion at once: for each device one that runs, and one that is prepared meanwhile.</summary>
    public int EmbedWindow => 2 * Math.Max(1, Gpus);

    /// <summary>A GPU does in a moment what a CPU takes a minute for: it is given as much at once as its memory takes, or it would wait.</summary>
    public IngestionOptions Pace(IngestionOptions options) =>
        Gpus == 0 ? options : options with { EmbedBatch = 8 * options.EmbedBatch, EmbedBatchCharacters = 8 * options.EmbedBatchCharacters };
}

/// <summary>The options that say what embeds here.</summary>
internal static class EngineOptions
{
    private const string Cpu = "cpu";
    private const string Torch = "torch";
    private const string None = "none";
    private const string Own = "rtmatch";
    private const string Ml = "ml";

    public static Option<string> Engine { get; } = new("--engine")
    {
        Description = "What embeds here: cpu (needs nothing else), torch (libtorch, for GPUs), or none.",
        DefaultValueFactory = _ => Cpu,
        HelpName = "KIND",
    };

    public static Option<string?> Device { get; } = new("--device")
    {
        Description = "Where torch runs: cuda for every GPU of the machine, GPUs like cuda:0,cuda:1, or cpu [default: cuda].", HelpName = "DEVICE",
    };

    public static Option<string?> Precision { get; } = new("--precision")
    {
        Description = "What torch computes in: bf16 or f32 [default: bf16 on GPUs, f32 on the CPU].", HelpName = "TYPE",
    };

    public static Option<string?> Tokenizer { get; } = new("--tokenizer")
    {
        Description = $"What torch reads texts with: {Own}, or {Ml} (Microsoft.ML.Tokenizers), which gives the same ids more slowly [default: {Own}].",
        HelpName = "NAME",
    };

    /// <exception cref="UsageException">An unknown value, or options that do not go together.</exception>
    public static AskedEngine Read(ParseResult parsed)
    {
        var kind = parsed.GetValue(Engine)!;
        if (kind is not (Cpu or Torch or None)) throw new UsageException($"--engine {kind}: write {Cpu}, {Torch} or {None}");
        if (kind == Torch) return new AskedEngine(kind, Settings(parsed));
        foreach (var option in new[] { Device, Precision, Tokenizer })
        {
            if (parsed.GetValue(option) is not { } value) continue;
            throw new UsageException($"{option.Name} {value} with --engine {kind}: only torch has it; write --engine {Torch}, or leave it out");
        }

        return new AskedEngine(kind == None ? null : kind, null);
    }

    private static TorchSettings Settings(ParseResult parsed) => new(
        parsed.GetValue(Device) is { } devices ? Value(Device, devices, TorchDevices.Parse) : TorchDevices.EveryGpu,
        parsed.GetValue(Precision) is { } precision ? Value(Precision, precision, TorchPrecisions.Parse) : null,
        parsed.GetValue(Tokenizer) switch
        {
            null or Own => TokenizerKind.RtMatching,
            Ml => TokenizerKind.MicrosoftMl,
            var other => throw new UsageException($"--tokenizer {other}: write {Own} or {Ml}"),
        });

    private static T Value<T>(Option option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"{option.Name} {text}: {wrong.Message}");
        }
    }
}

/// <summary>What the options ask for, before it is known whether this machine has it.</summary>
/// <param name="Kind">cpu or torch; null for none.</param>
internal sealed record AskedEngine(string? Kind, TorchSettings? Torch)
{
    /// <param name="load">What gives models where torch does not.</param>
    /// <returns>Null for none.</returns>
    /// <exception cref="TorchUnavailableException">libtorch, the driver or a device is not there.</exception>
    public SiloEngine? Find(Func<string?, LanguageModel> load)
    {
        if (Torch is null) return Kind is null ? null : new SiloEngine(Kind, load);
        var found = new TorchDevices(TorchLibrary.Require(Torch.Devices));
        var settings = Torch with { Devices = found, Precision = Torch.Precision ?? TorchPrecisions.Default(found.AreCuda) };
        return new SiloEngine($"{Kind} {found} {settings.Precision!.Value.Name()}", path => TorchModels.Load(path, settings), found.Named!.Count(device => device.IsCuda));
    }
}
