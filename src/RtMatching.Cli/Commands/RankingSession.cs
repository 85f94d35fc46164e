using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Cli.Commands;

/// <summary>A profile's ranking, with its model loaded only once something must be embedded: ranking for a stored job needs none.</summary>
internal sealed class RankingSession : IDisposable
{
    private readonly Lazy<DocumentEmbedder> _embedder;

    private RankingSession(Database database, ProfileVersion profile)
    {
        _embedder = new Lazy<DocumentEmbedder>(() => new DocumentEmbedder(LanguageModel.Load(profile.Profile.ModelPath), profile.Profile));
        Profile = profile;
        Ranking = new Ranking(database, profile, EmbedAsync);
    }

    public ProfileVersion Profile { get; }
    public Ranking Ranking { get; }
    public string ProfileName => Describe(Profile.Profile.Name, Profile.Version, Profile.Profile.ModelName, Profile.Profile.Iterations);

    public static string Describe(string profile, int version, string model, int iterations) => $"{profile} {version} ({model}, k = {iterations})";

    public static async Task<RankingSession> OpenAsync(Database database, string profile, CancellationToken cancellation)
    {
        var active = await new ProfileStore(database).FindActiveAsync(profile, cancellation)
            ?? throw new CommandException($"no profile '{profile}' is stored: ingest something with it first, or see 'rtmatch profiles list'");
        return new RankingSession(database, active);
    }

    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation) =>
        Task.Run(() => _embedder.Value.Embed(texts, kind, cancellation), cancellation);

    public void Dispose()
    {
        if (_embedder.IsValueCreated) _embedder.Value.Model.Dispose();
    }
}
