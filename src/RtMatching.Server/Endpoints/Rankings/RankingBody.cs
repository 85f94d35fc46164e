using System.Text.Json.Serialization;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>
/// What a ranking is asked with in either direction. An unknown member is an error, because a mistyped filter must not rank everyone; the
/// attribute that says so is not inherited.
/// </summary>
internal abstract record RankingBody
{
    /// <summary>UTF-16 units; a hundred pages. What is longer is no job description or CV but a mistake.</summary>
    public const int MaxTextLength = 200_000;

    /// <summary>Each place shown has its passages compared, and embedded at first, which is work for a page that a person reads.</summary>
    public const int MaxExplained = 500;

    /// <summary>JSON may spend six bytes on a character.</summary>
    public const long MaxBytes = MaxTextLength * 6L + 64 * 1024;

    /// <summary>What to rank for, where it is not stored.</summary>
    public string? Text { get; init; }

    /// <summary>What to rank for, where it is stored: its external id, in place of its number.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Of the external id, where several sources have it.</summary>
    public string? Source { get; init; }

    public string Profile { get; init; } = TaskProfile.DefaultName;
    public int Top { get; init; } = 10;
    public int Offset { get; init; }
    public RankingMode Mode { get; init; }
    public bool Exact { get; init; }
    public bool Explain { get; init; }
    public FilterBody? Filter { get; init; }

    /// <summary>What the backend is asked; one place more than is shown, which tells whether there is a next page.</summary>
    /// <exception cref="ProblemException">A limit of this API; what the ranking itself refuses, it refuses in its own words.</exception>
    public RankingRequest Request(Caller caller, long? documentId)
    {
        if (Text?.Length > MaxTextLength)
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, "The text is too long.",
                $"The text has {Text.Length:N0} characters; a ranking takes at most {MaxTextLength:N0}.");
        if (Top is < 1 or > RankingRequest.MaxTop)
            throw ProblemException.BadRequest($"top is {Top}; it must be from 1 to {RankingRequest.MaxTop}. For more, go on at next_offset.");
        if (Offset is < 0 or > int.MaxValue - RankingRequest.MaxTop) throw ProblemException.BadRequest($"offset is {Offset}; no ranking reaches there.");
        if (Explain && Top > MaxExplained)
            throw ProblemException.BadRequest($"top is {Top}; with explain it must be at most {MaxExplained}. For more, go on at next_offset.");
        return new RankingRequest
        {
            Tenant = caller.Tenant, Text = documentId is null ? Text : null, DocumentId = documentId, Mode = Mode, Exact = Exact, Explain = Explain,
            Offset = Offset, Top = Math.Min(Top + 1, RankingRequest.MaxTop), Filter = Filter?.Checked() ?? RankingFilter.None,
        };
    }
}

/// <summary>Which documents may take a place; every condition given must hold.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record FilterBody
{
    private const int MaxTags = 100;
    private const int MaxLength = 1000;

    /// <summary>All of them.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>A part of the location, whatever its case.</summary>
    public string? Location { get; init; }

    /// <summary>As stored: en, zh, ...</summary>
    public string? Language { get; init; }

    /// <summary>Dated on this day or later.</summary>
    public DateOnly? Since { get; init; }

    /// <summary>Dated on this day or earlier.</summary>
    public DateOnly? Until { get; init; }

    /// <exception cref="ProblemException">A condition that no document could meet and the database could not take.</exception>
    public RankingFilter Checked()
    {
        var tags = Tags ?? [];
        if (tags.Count > MaxTags) throw ProblemException.BadRequest($"filter.tags holds {tags.Count} tags; {MaxTags} at most.");
        foreach (var (name, value) in tags.Select(tag => ("tags", (string?)tag)).Append(("location", Location)).Append(("language", Language)))
        {
            if (name == "tags" && value is null) throw ProblemException.BadRequest("filter.tags holds a null: write strings.");
            if (value is { Length: > MaxLength } || value?.Contains('\0', StringComparison.Ordinal) == true)
                throw ProblemException.BadRequest($"filter.{name} is longer than {MaxLength} characters or holds a NUL character.");
        }

        return new RankingFilter { Tags = tags, Location = Location, Language = Language, Since = Since, Until = Until };
    }
}
