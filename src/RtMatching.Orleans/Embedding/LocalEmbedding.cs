using RtMatching.Core.Documents;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Embedding;

/// <summary>Texts to vectors by the engines of this silo, for whichever silo asks.</summary>
internal sealed class LocalEmbedding(Engines? engines, ProfileVersions profiles, Refusals refusals)
{
    private readonly ProfileEmbedding? _embedding = engines is null ? null : new ProfileEmbedding(engines);

    /// <exception cref="RefusedException">The vectors would be of another model or preparation than the profile's.</exception>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(ProfileTexts order, CancellationToken cancellation)
    {
        var kind = Enum.Parse<DocumentKind>(order.Kind, ignoreCase: true);
        var version = await profiles.FindAsync(order.ProfileVersionId, cancellation);
        await CheckAsync(version, cancellation);
        var embed = order.Background ? _embedding!.Background(version) : _embedding!.Interactive(version);
        return await embed(order.Texts, kind, cancellation);
    }

    /// <exception cref="KeyNotFoundException">There is no such model here.</exception>
    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(ModelTexts order, EmbeddingOptions options, CancellationToken cancellation)
    {
        var engine = await EngineAsync(ModelCatalog.PathOf(order.Model), cancellation);
        return await engine.EmbedAsync(order.Texts, options, EnginePriority.Interactive, cancellation);
    }

    /// <summary>Before anything is embedded: a vector that was made otherwise would rank wrongly for ever.</summary>
    private async Task CheckAsync(ProfileVersion version, CancellationToken cancellation)
    {
        var reason = await RefusalAsync(version.Profile, cancellation);
        refusals.Note(version.Id, reason);
        if (reason is not null) throw new RefusedException(reason);
    }

    private async Task<string?> RefusalAsync(TaskProfile profile, CancellationToken cancellation)
    {
        if (profile.Preparation != TextPreparation.Version)
            return $"It prepares texts as version {TextPreparation.Version} does, profile {profile.Name} was made with {profile.Preparation}.";
        try
        {
            var engine = await EngineAsync(profile.ModelPath, cancellation);
            return engine.Model.WeightsHash == profile.WeightsHash
                ? null
                : $"Its {profile.ModelName} has other weights than profile {profile.Name} was made with.";
        }
        catch (InvalidModelException e)
        {
            return e.Message;
        }
    }

    private Task<Engine> EngineAsync(string? path, CancellationToken cancellation) =>
        engines?.GetAsync(path, cancellation) ?? throw new RefusedException("It has no engine.");
}
