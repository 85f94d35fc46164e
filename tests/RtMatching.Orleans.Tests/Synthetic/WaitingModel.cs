using System.Globalization;
using System.Runtime.InteropServices;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Torch;

namespace RtMatching.Orleans.Tests.Synthetic;

/// <summary>The model of silos that only wait: the built-in model's tokenizer before a <see cref="WaitingDecoder"/>.</summary>
internal static class WaitingModel
{
    /// <summary>Microseconds for each token.</summary>
    public const string PaceVariable = "RTMATCH_TEST_MICROSECONDS_PER_TOKEN";

    /// <summary>A path; while a file is there, the device is gone, for good where the file holds what libtorch says then.</summary>
    public const string FailureVariable = "RTMATCH_TEST_FAILS_WHILE";

    /// <summary>Other weights than those of <see cref="Profile"/>, for a silo that must be refused.</summary>
    public const string WeightsVariable = "RTMATCH_TEST_WEIGHTS";

    private const string Name = "waiting";
    private const string Weights = "0000000000000000000000000000000000000000000000000000000000000000";

    public static bool IsAskedFor => Environment.GetEnvironmentVariable(PaceVariable) is { Length: > 0 };

    public static LanguageModel Load(string? path)
    {
        var tokenizer = LanguageModel.LoadTokenizer(null);
        var pace = TimeSpan.FromMicroseconds(double.Parse(Environment.GetEnvironmentVariable(PaceVariable) ?? "20", CultureInfo.InvariantCulture));
        var failure = Environment.GetEnvironmentVariable(FailureVariable);
        var weights = Environment.GetEnvironmentVariable(WeightsVariable) is { Length: > 0 } other ? other : Weights;
        return new LanguageModel(Name, weights, tokenizer, new WaitingDecoder(tokenizer.VocabularySize, pace, () => Failure(failure)));
    }

    private static Exception? Failure(string? path)
    {
        if (path is null || !File.Exists(path)) return null;
        var gone = new InvalidOperationException("The device is gone.");
        return File.ReadAllText(path) is { Length: > 0 } said ? TorchErrors.Translate(new ExternalException(said), new TorchDevice(0)) ?? gone : gone;
    }

    /// <summary>What everything in a test's database is embedded with.</summary>
    public static TaskProfile Profile { get; } = new()
    {
        Name = TaskProfile.DefaultName, ModelName = Name, WeightsHash = Weights, MaxTokens = 1024, Dimension = WaitingDecoder.Hidden,
    };
}
