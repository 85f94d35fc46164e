using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Matching;

/// <summary>What a ranking is for: a text with its vector.</summary>
/// <param name="Kind">What the text is.</param>
/// <param name="Text">As stored or given, with what redaction would leave out.</param>
/// <param name="Searched">What full-text search may see of it: redacted where the profile says so, as the stored texts are.</param>
/// <param name="Vector">Null where the ranking needs none. (dimension)</param>
/// <param name="ContentHash">Of a stored document.</param>
internal sealed record RankingQuery(DocumentKind Kind, string Text, string Searched, float[]? Vector, byte[]? ContentHash)
{
    /// <summary>A document is not its own candidate.</summary>
    public byte[]? Except(DocumentKind wanted) => Kind == wanted ? ContentHash : null;

    public static async Task<RankingQuery> LoadAsync(
        NpgsqlDataSource source, ProfileVersion profile, RankingRequest request, DocumentKind wanted, EmbedTexts embed, CancellationToken cancellation)
    {
        var query = request.DocumentId is { } id
            ? await StoredAsync(source, profile, request.Tenant, id, cancellation)
            : new RankingQuery(wanted == DocumentKind.Cv ? DocumentKind.Job : DocumentKind.Cv, request.Text!, "", null, null);
        query = query with { Searched = Redacted(profile, query.Text), Vector = request.Vector ?? query.Vector };
        if (request.Mode == RankingMode.Text || query.Vector is not null) return query;
        var (searched, kind) = (query.Searched, query.Kind);
        return query with
        {
            Vector = await RankingSignals.StepAsync(RankingSignals.Embed, async () => (await embed([searched], kind, cancellation))[0]),
        };
    }

    public static string Redacted(ProfileVersion profile, string text) => profile.Profile.Redact ? TextPreparation.Redact(text) : text;

    private static async Task<RankingQuery> StoredAsync(
        NpgsqlDataSource source, ProfileVersion profile, string tenant, long id, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand($"""
            select d.kind, d.content_hash, t.body, v.embedding::real[]
            from documents d
            left join texts t on t.tenant = d.tenant and t.content_hash = d.content_hash and t.preparation = $3
            left join vectors_{profile.Id} v on v.tenant = d.tenant and v.kind = d.kind and v.content_hash = d.content_hash
            where d.tenant = $1 and d.id = $2
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(profile.Profile.Preparation);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            throw new ArgumentException($"There is no document {id}. `documents list` shows those that are stored.");
        if (await reader.IsDBNullAsync(2, cancellation))
            throw new ArgumentException($"Document {id} has no text in profile {profile.Profile.Name}, version {profile.Version}: " +
                "let its ingestion finish, or run `ingest --reembed`.");
        var kind = reader.GetString(0) == "cv" ? DocumentKind.Cv : DocumentKind.Job;
        var vector = await reader.IsDBNullAsync(3, cancellation) ? null : reader.GetFieldValue<float[]>(3);
        return new RankingQuery(kind, reader.GetString(2), "", vector, reader.GetFieldValue<byte[]>(1));
    }
}
