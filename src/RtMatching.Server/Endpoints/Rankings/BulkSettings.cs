using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>How a bulk ranking ranks: as JSON where every stored job is ranked, in the query where the jobs are the body.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record BulkSettings
{
    private static readonly string[] Names = ["profile", "top", "mode", "exact", "tag", "location", "language", "since", "until"];

    /// <summary>True: for every stored job.</summary>
    public bool AllJobs { get; init; }

    public string Profile { get; init; } = TaskProfile.DefaultName;
    public int Top { get; init; } = 10;
    public RankingMode Mode { get; init; }
    public bool Exact { get; init; }
    public FilterBody? Filter { get; init; }

    public RankingRequest Request(Caller caller) => new()
    {
        Tenant = caller.Tenant, Top = Top, Mode = Mode, Exact = Exact, Filter = Filter?.Checked() ?? RankingFilter.None,
    };

    /// <exception cref="ProblemException">An unknown name, or a value that it does not take: either must not silently rank otherwise.</exception>
    public static BulkSettings OfQuery(IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(key => !Names.Contains(key)) is { } unknown)
            throw ProblemException.BadRequest($"There is no parameter \"{unknown}\" here; there are: {string.Join(", ", Names)}.");
        return new BulkSettings
        {
            Profile = One(query, "profile") ?? TaskProfile.DefaultName,
            Top = Value<int>(query, "top", "a whole number", Number) ?? 10,
            Mode = Value<RankingMode>(query, "mode", "fused, dense or text", ModeNamed) ?? RankingMode.Fused,
            Exact = Value<bool>(query, "exact", "true or false", Truth) ?? false,
            Filter = new FilterBody
            {
                Tags = [.. query["tag"].OfType<string>()], Location = One(query, "location"), Language = One(query, "language"),
                Since = Value<DateOnly>(query, "since", "a date like 2026-01-31", Date), Until = Value<DateOnly>(query, "until", "a date like 2026-01-31", Date),
            },
        };
    }

    private static string? One(IQueryCollection query, string name) => query[name] switch
    {
        [] => null,
        [var only] => only,
        _ => throw ProblemException.BadRequest($"{name} is given more than once."),
    };

    private static T? Value<T>(IQueryCollection query, string name, string expected, Func<string, T?> parse) where T : struct =>
        One(query, name) is not { } text ? null : parse(text) ?? throw ProblemException.BadRequest($"{name} must be {expected}.");

    private static RankingMode? ModeNamed(string text)
    {
        foreach (var mode in Enum.GetValues<RankingMode>())
            if (JsonNamingPolicy.SnakeCaseLower.ConvertName(mode.ToString()) == text) return mode;
        return null;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool? Truth(string text) => bool.TryParse(text, out var truth) ? truth : null;

    private static DateOnly? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;
}
