using RtMatching.Server.Commands;

namespace RtMatching.Silo.Clustering;

/// <summary>
/// The configuration's section <c>Orleans</c>, as Aspire's Orleans resource gives it (<c>Orleans__Clustering__ProviderType</c> and so on).
/// Orleans applies it by itself, before anything of ours: what it sets up is not set up again, and what would be another cluster's is refused.
/// </summary>
internal sealed class OrleansSection(IConfiguration configuration)
{
    public const string Invariant = "Npgsql";

    private const string Provider = "AdoNet";
    private const string Connection = "rtmatch";        // of ConnectionStrings__rtmatch

    private readonly IConfigurationSection _section = configuration.GetSection("Orleans");

    public bool HasClustering => _section.GetSection("Clustering").Exists();

    public bool HasReminders => _section.GetSection("Reminders").Exists();

    public bool HasTracing => bool.TryParse(_section["EnableDistributedTracing"], out var traced) && traced;

    /// <summary>Whose reminders these are, where that is not the cluster's name; null where nothing is said.</summary>
    public string? ServiceId => _section["ServiceId"] is { Length: > 0 } id ? id : null;

    /// <exception cref="UsageException">Clustering or reminders elsewhere than in the database of this program.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var part in (string[])["Clustering", "Reminders"])
        {
            var section = configuration.GetSection("Orleans").GetSection(part);
            if (!section.Exists()) continue;
            Check(section, "ProviderType", Provider, isNeeded: true);
            Check(section, "Invariant", Invariant, isNeeded: false);
            Check(section, "ConnectionName", Connection, isNeeded: false);
        }
    }

    private static void Check(IConfigurationSection section, string key, string expected, bool isNeeded)
    {
        var value = section[key];
        if (value == expected || (value is null && !isNeeded)) return;
        throw new UsageException(
            $"{section.Path.Replace(":", "__", StringComparison.Ordinal)}__{key}={value}: silos find each other, and keep reminders, " +
            $"in the database of ConnectionStrings__{Connection}; write {expected}, or leave the section out");
    }
}
