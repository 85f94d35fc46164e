using System.Text;
using System.Text.Json;

namespace RtMatching.Core.Documents.Readers;

/// <summary>The fields of a JSON Resume under headings that <see cref="SectionFinder"/> knows; what has an unexpected type is left out.</summary>
internal sealed class JsonResumePage
{
    private readonly StringBuilder _text = new();

    public string OfResume(JsonElement root)
    {
        Basics(Child(root, "basics"));
        Entries(root, "work", "Experience", work => [Join(", ", Of(work, "position"), Of(work, "name", "company")), Join(", ", Of(work, "location"), Dates(work)), Of(work, "description")]);
        Entries(root, "volunteer", "Volunteer Experience", work => [Join(", ", Of(work, "position"), Of(work, "organization")), Dates(work)]);
        Entries(root, "projects", "Projects", project => [Join(", ", Of(project, "name"), Of(project, "entity")), Dates(project), Of(project, "description"), List(project, "roles"), List(project, "keywords")]);
        Entries(root, "education", "Education", study => [Join(", ", Join(" ", Of(study, "studyType"), Of(study, "area")), Of(study, "institution")), Join(", ", Dates(study), Of(study, "score", "gpa"))]);
        Entries(root, "certificates", "Certifications", item => [Join(", ", Of(item, "name"), Of(item, "issuer"), Of(item, "date"))]);
        Entries(root, "skills", "Skills", Skill);
        Entries(root, "languages", "Languages", item => [Join(": ", Of(item, "language"), Of(item, "fluency"))]);
        Entries(root, "awards", "Awards", item => [Join(", ", Of(item, "title"), Of(item, "awarder"), Of(item, "date"))]);
        Entries(root, "publications", "Publications", item => [Join(", ", Of(item, "name"), Of(item, "publisher"), Of(item, "releaseDate"))]);
        Entries(root, "interests", "Interests", Skill);
        Entries(root, "references", "References", item => [Of(item, "name"), Of(item, "reference")]);
        return _text.ToString();
    }

    public string OfJob(JsonElement root)
    {
        Line(Of(root, "title"));
        Line(Join(", ", Of(root, "company"), Of(root, "type"), Of(root, "remote"), Of(root, "experience")));
        Line(Place(Child(root, "location")));
        Heading("Description");
        Line(Of(root, "description"));
        Bullets(root, "responsibilities", "Responsibilities");
        Bullets(root, "qualifications", "Qualifications");
        Entries(root, "skills", "Skills", Skill);
        return _text.ToString();
    }

    private void Basics(JsonElement basics)
    {
        if (Of(basics, "name") is { } name) Line("Name: " + name);
        Line(Of(basics, "label"));
        Line(Place(Child(basics, "location")));
        Line(Of(basics, "email"));
        Line(Of(basics, "phone"));
        Line(Of(basics, "url", "website"));
        foreach (var profile in Items(basics, "profiles")) Line(Join(": ", Of(profile, "network"), Of(profile, "url", "username")));
        if (Of(basics, "summary") is not { } summary) return;
        Heading("Summary");
        Line(summary);
    }

    private static string? Place(JsonElement location) =>
        location.ValueKind == JsonValueKind.String ? location.GetString()
        : Join(", ", Of(location, "address"), Of(location, "postalCode"), Of(location, "city"), Of(location, "region"), Of(location, "countryCode"));

    private static string?[] Skill(JsonElement skill)
    {
        var title = Of(skill, "level") is { } level ? $"{Of(skill, "name")} ({level})" : Of(skill, "name");
        return [Join(": ", title, List(skill, "keywords"))];
    }

    /// <summary>A heading, then each entry's lines, its summary and its highlights as bullets.</summary>
    private void Entries(JsonElement root, string property, string heading, Func<JsonElement, string?[]> lines)
    {
        var first = true;
        foreach (var entry in Items(root, property))
        {
            if (first) Heading(heading);
            first = false;
            if (entry.ValueKind == JsonValueKind.String) Line(entry.GetString());
            foreach (var line in lines(entry)) Line(line);
            Line(Of(entry, "summary"));
            foreach (var item in Items(entry, "highlights").Concat(Items(entry, "courses"))) Bullet(item);
        }
    }

    private void Bullets(JsonElement root, string property, string heading)
    {
        Heading(heading);
        Line(Of(root, property));
        foreach (var item in Items(root, property)) Bullet(item);
    }

    private void Bullet(JsonElement item)
    {
        if (Scalar(item) is { } text) Line("- " + text);
    }

    private void Heading(string heading) => _text.Append('\n').Append(heading).Append('\n');

    private void Line(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line)) _text.Append(line).Append('\n');
    }

    private static string? Dates(JsonElement entry) =>
        Of(entry, "startDate") is { } start ? $"{start} - {Of(entry, "endDate") ?? "present"}" : Of(entry, "endDate");

    private static string? List(JsonElement entry, string property)
    {
        var items = Items(entry, property).Select(Scalar).Where(item => item is not null).ToList();
        return items.Count == 0 ? null : string.Join(", ", items);
    }

    private static string? Join(string separator, params string?[] parts)
    {
        var present = parts.Where(part => !string.IsNullOrWhiteSpace(part)).ToList();
        return present.Count == 0 ? null : string.Join(separator, present);
    }

    private static JsonElement Child(JsonElement parent, string property) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(property, out var child) ? child : default;

    private static IEnumerable<JsonElement> Items(JsonElement parent, string property) =>
        Child(parent, property) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : Enumerable.Empty<JsonElement>();

    /// <summary>The first of the properties that is there: newer schemas renamed some.</summary>
    private static string? Of(JsonElement parent, params string[] properties) =>
        properties.Select(property => Scalar(Child(parent, property))).FirstOrDefault(text => text is not null);

    private static string? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number when element.GetRawText() is { Length: <= 32 } number => number,
        _ => null,
    };
}
