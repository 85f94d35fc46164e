using System.Text.Json;
using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>A stored text with its passages.</summary>
/// <param name="Vectors">One for each passage, L2-normalised. (passages, dimension)</param>
internal sealed record PassagesOfText(string Body, IReadOnlyList<Passage> Passages, IReadOnlyList<float[]> Vectors);

/// <summary>The passages of CVs with their vectors: made when a reason first needs them, all of a page in one batch, and kept.</summary>
internal sealed class PassageVectors(NpgsqlDataSource source, ProfileVersion profile, EmbedTexts embed)
{
    // A CV of ten pages has about 200; a book handed in as a CV must not occupy the model for minutes.
    private const int MaxPassages = 400;

    private readonly string _table = $"passages_{profile.Id}";

    /// <summary>The passages of the CVs with the given contents (hexadecimal hashes). Contents without a text are left out.</summary>
    public async Task<Dictionary<string, PassagesOfText>> LoadAsync(string tenant, IReadOnlyList<string> contents, CancellationToken cancellation)
    {
        var hashes = contents.Select(Convert.FromHexString).ToArray();
        var texts = await TextsAsync(tenant, hashes, cancellation);
        var found = await StoredAsync(tenant, hashes, texts, cancellation);
        var missing = texts.Where(text => !found.ContainsKey(text.Key)).ToList();
        var made = await MakeAsync([.. missing.Select(text => (text.Value.Body, text.Value.Sections))], cancellation);
        for (var i = 0; i < missing.Count; i++) found[missing[i].Key] = made[i];
        await KeepAsync(tenant, [.. missing.Select((text, i) => (text.Key, made[i]))], cancellation);
        return found;
    }

    /// <summary>The stored texts themselves.</summary>
    public async Task<Dictionary<string, string>> BodiesAsync(string tenant, IReadOnlyList<string> contents, CancellationToken cancellation) =>
        (await TextsAsync(tenant, [.. contents.Select(Convert.FromHexString)], cancellation)).ToDictionary(text => text.Key, text => text.Value.Body);

    /// <summary>The passages of a text that is not stored.</summary>
    public async Task<PassagesOfText> MakeAsync(string text, CancellationToken cancellation) =>
        (await MakeAsync([(text, Undivided(text))], cancellation))[0];

    private static IReadOnlyList<Section> Undivided(string text) => [new Section(SectionKind.Other, 0, text.Length)];

    private async Task<List<PassagesOfText>> MakeAsync(
        IReadOnlyList<(string Body, IReadOnlyList<Section> Sections)> texts, CancellationToken cancellation)
    {
        var passages = texts.Select(text => TextPreparation.Passages(text.Body, text.Sections).Take(MaxPassages).ToList()).ToList();
        var pieces = texts.SelectMany((text, i) => passages[i].Select(passage => Piece(text.Body, passage))).ToList();
        var vectors = pieces.Count == 0 ? [] : (await embed(pieces, DocumentKind.Cv, cancellation)).Select(AsStored).ToList();
        var result = new List<PassagesOfText>(texts.Count);
        var first = 0;
        for (var i = 0; i < texts.Count; first += passages[i].Count, i++)
            result.Add(new PassagesOfText(texts[i].Body, passages[i], [.. vectors.Skip(first).Take(passages[i].Count)]));
        return result;
    }

    private string Piece(string body, Passage passage) =>
        profile.Profile.Redact ? TextPreparation.Redact(body, passage.Start, passage.Length) : passage.Of(body);

    private async Task<Dictionary<string, (string Body, IReadOnlyList<Section> Sections)>> TextsAsync(
        string tenant, byte[][] hashes, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand(
            "select content_hash, body, sections::text from texts where tenant = $1 and content_hash = any($2) and preparation = $3");
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(hashes);
        command.Parameters.AddWithValue(profile.Profile.Preparation);
        var texts = new Dictionary<string, (string, IReadOnlyList<Section>)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (body, sections) = (reader.GetString(1), Sections(reader.GetString(2)));
            texts[Convert.ToHexString(reader.GetFieldValue<byte[]>(0))] = (body, sections.Count > 0 ? sections : Undivided(body));
        }

        return texts;
    }

    private static List<Section> Sections(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(section => new Section(
            Enum.Parse<SectionKind>(section.GetProperty("kind").GetString()!, ignoreCase: true),
            section.GetProperty("start").GetInt32(), section.GetProperty("length").GetInt32()))];
    }

    private async Task<Dictionary<string, PassagesOfText>> StoredAsync(
        string tenant, byte[][] hashes, Dictionary<string, (string Body, IReadOnlyList<Section>)> texts, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand($"""
            select content_hash, start, length, section, embedding::real[] from {_table}
            where tenant = $1 and kind = 'cv' and content_hash = any($2) order by content_hash, ordinal
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(hashes);
        var rows = new List<(string Content, Passage Passage, float[] Vector)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add((Convert.ToHexString(reader.GetFieldValue<byte[]>(0)),
                new Passage(reader.GetInt32(1), reader.GetInt32(2), Enum.Parse<SectionKind>(reader.GetString(3), ignoreCase: true)),
                reader.GetFieldValue<float[]>(4)));
        return rows.Where(row => texts.ContainsKey(row.Content)).GroupBy(row => row.Content).ToDictionary(group => group.Key, group =>
            new PassagesOfText(texts[group.Key].Body, [.. group.Select(row => row.Passage)], [.. group.Select(row => row.Vector)]));
    }

    // Only for contents that still have a vector: one deleted meanwhile must leave nothing behind.
    private async Task KeepAsync(string tenant, IReadOnlyList<(string Content, PassagesOfText Text)> made, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        foreach (var (content, text) in made)
        {
            await using var command = new NpgsqlCommand($"""
                insert into {_table} (tenant, kind, content_hash, ordinal, start, length, section, embedding)
                select $1, 'cv', v.content_hash, p.ordinal - 1, p.start, p.length, p.section, p.embedding::real[]::halfvec({profile.Profile.Dimension})
                from (select content_hash from vectors_{profile.Id} where tenant = $1 and kind = 'cv' and content_hash = $2 for key share) v
                cross join unnest($3::int[], $4::int[], $5::text[], $6::text[]) with ordinality as p(start, length, section, embedding, ordinal)
                on conflict do nothing
                """, connection);
            command.Parameters.AddWithValue(tenant);
            command.Parameters.AddWithValue(Convert.FromHexString(content));
            command.Parameters.AddWithValue(text.Passages.Select(passage => passage.Start).ToArray());
            command.Parameters.AddWithValue(text.Passages.Select(passage => passage.Length).ToArray());
            command.Parameters.AddWithValue(text.Passages.Select(passage => passage.Section.ToString().ToLowerInvariant()).ToArray());
            command.Parameters.AddWithValue(text.Vectors.Select(Literal).ToArray());
            await command.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    // In half precision, so that the first explanation says what every later one will.
    private static float[] AsStored(float[] vector) => [.. vector.Select(value => (float)(Half)value)];

    // A row of unnest cannot hold an array of its own, so each vector travels as the text of one.
    private static string Literal(float[] vector) =>
        "{" + string.Join(',', vector.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))) + "}";
}
