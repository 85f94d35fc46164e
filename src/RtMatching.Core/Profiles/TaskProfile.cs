using System.Text.Json.Serialization;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Profiles;

/// <summary>Everything that decides a vector besides the document: stored, versioned, named by every vector.</summary>
public sealed record TaskProfile
{
    public const string DefaultName = "jd2cv";

    /// <summary>Far beyond what any task was seen to gain from.</summary>
    public const int MaxIterations = 64;

    public required string Name { get; init; }

    /// <summary>The model's folder or GGUF file; null is the built-in model.</summary>
    public string? ModelPath { get; init; }
    public required string ModelName { get; init; }

    /// <summary>SHA-256 of the weight files: a model of the same name and other weights is refused.</summary>
    public required string WeightsHash { get; init; }
    public PoolingKind Pooling { get; init; } = PoolingKind.Last;
    public AppendEos AppendEos { get; init; } = AppendEos.Auto;
    public bool NoPrompt { get; init; }

    /// <summary>k: passes in all.</summary>
    public int Iterations { get; init; } = 1;

    // What came later is left out of the stored settings where it is at its default: profiles stored before it stay equal to what they were.

    /// <summary>Which side of a ranking takes passes 2..k.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RefinedSide Refined { get; init; }

    /// <summary>Ends single texts before <see cref="Iterations"/> passes; null runs them all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StopRule? Stop { get; init; }

    /// <summary>What goes into the memory token; null for <see cref="MemorySettings.Default"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MemorySettings? Memory { get; init; }

    /// <summary>For VA and AlignedWVA; null for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LayerRange? Layers { get; init; }

    /// <summary>
    /// Of a text in several parts: what a token of each weighs beside one of the part before. CVs and job ads say in their beginning what they are;
    /// parts that count alike dilute it. 0 leaves all but the first part out; null is 1, parts by their length alone.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LaterParts { get; init; }

    /// <summary>What the model was made for; decides nothing by itself. Null where the profile was stored before it was told.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelTask? Purpose { get; init; }

    /// <summary>Instruction put before a job's text; null for none.</summary>
    public string? JobInstruction { get; init; }

    /// <summary>Instruction put before a CV's text; null for none.</summary>
    public string? CvInstruction { get; init; }

    /// <summary>A CV of at most so many tokens is one forward; a longer one is split and its parts' vectors averaged, see <see cref="LaterParts"/>.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Of the stored vectors.</summary>
    public required int Dimension { get; init; }
    public int Preparation { get; init; } = Documents.TextPreparation.Version;

    /// <summary>Contacts and the name are kept out of what is embedded.</summary>
    public bool Redact { get; init; } = true;
}

/// <summary>Which texts are thought about longer; the other side is the plain model, k = 1.</summary>
public enum RefinedSide { Both, Query, Document }

/// <summary>A stored profile; <paramref name="Id"/> names its vector tables.</summary>
public sealed record ProfileVersion(long Id, int Version, TaskProfile Profile, bool Active);
