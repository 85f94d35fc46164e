using System.Globalization;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Profiles;

/// <summary>Which states a memory is summed from.</summary>
public enum MemoryStates { FinalNorm, PreNorm }

/// <summary>Which positions a memory is summed over.</summary>
public enum MemoryOver { All, Text }

/// <summary>Whose attention weighs the sum: <c>mean</c> over the query heads, or the number of one.</summary>
public readonly record struct MemoryHead(int? Head)
{
    private const string Mean = "mean";

    public const string Form = $"'{Mean}' or the number of a query head, from 0";

    /// <returns>Null where it is neither.</returns>
    public static MemoryHead? Parse(string word)
    {
        if (word == Mean) return new MemoryHead(null);
        return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var head) ? new MemoryHead(head) : null;
    }

    public override string ToString() => Head?.ToString(CultureInfo.InvariantCulture) ?? Mean;
}

/// <summary>New settings of Refined Thought's memory; what is null stays as it is.</summary>
public sealed record MemoryChange
{
    public MemoryHead? Head { get; init; }
    public MemoryStates? States { get; init; }
    public MemoryOver? Over { get; init; }
    public MemoryScale? Scale { get; init; }

    /// <summary>The learned map's file; empty for the one beside the model.</summary>
    public string? Map { get; init; }

    /// <summary>The change that leads to <paramref name="settings"/> from whatever there was.</summary>
    public static MemoryChange To(MemorySettings settings) => new()
    {
        Head = new MemoryHead(settings.Head),
        States = settings.PreNorm ? MemoryStates.PreNorm : MemoryStates.FinalNorm,
        Over = settings.TextOnly ? MemoryOver.Text : MemoryOver.All,
        Scale = settings.Scale,
        Map = settings.Scale == MemoryScale.LearnedMap ? settings.Map ?? "" : null,
    };

    public MemorySettings Apply(MemorySettings current)
    {
        var scale = Scale ?? current.Scale;
        var map = Map switch { null => current.Map, "" => null, _ => Path.GetFullPath(Map) };    // the next run may start in another folder

        // Asked for again, the map is the one that is there now; otherwise it stays the one that the vectors so far were made with.
        var keepsMap = Scale is null && Map is null && States is null;
        return current with
        {
            Head = Head is { } head ? head.Head : current.Head,
            PreNorm = States is { } states ? states == MemoryStates.PreNorm : current.PreNorm,
            TextOnly = Over is { } over ? over == MemoryOver.Text : current.TextOnly,
            Scale = scale,
            Map = scale == MemoryScale.LearnedMap || Map is not null ? map : null,
            MapHash = keepsMap ? current.MapHash : null,
        };
    }
}
