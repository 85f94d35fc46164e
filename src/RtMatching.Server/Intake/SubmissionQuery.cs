using System.ComponentModel;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Intake;

/// <summary>What a submission is to be read as: the query of the request.</summary>
internal sealed record SubmissionQuery
{
    private const int MaxTags = 50;
    private const int MaxLength = 200;

    [FromQuery(Name = "kind"), Description("What the documents are: cv or job; cv without it.")]
    public string? Kind { get; init; }

    [FromQuery(Name = "profile"), Description("The task profile to embed with.")]
    public string? Profile { get; init; }

    [FromQuery(Name = "source"), Description("Where they come from; a document is (source, external id). Without it: files, or a bulk file's name.")]
    public string? Source { get; init; }

    [FromQuery(Name = "tag"), Description("Put on every document; may be repeated.")]
    public string[]? Tag { get; init; }

    [FromQuery(Name = "mapping"), Description("Columns of rows: id=ID,text=TITLE+BODY,tags=...,location=...,language=...,date=...; common names are recognised.")]
    public string? Mapping { get; init; }

    /// <exception cref="ProblemException">400: a value that cannot be.</exception>
    public IngestionRequest Request(Caller caller)
    {
        foreach (var tag in Tag ?? []) CheckText("tag", tag);
        if (Tag?.Length > MaxTags) throw ProblemException.BadRequest($"{Tag.Length} tags are given; at most {MaxTags} are taken.");
        return new IngestionRequest
        {
            Tenant = caller.Tenant, Kind = KindOf(Kind) ?? DocumentKind.Cv, Profile = Profile ?? TaskProfile.DefaultName, Source = Source, Tags = Tag ?? [],
            Mapping = ParsedMapping(),
        };
    }

    /// <summary>Equal for equal requests.</summary>
    public string Parameters(bool open) => JsonSerializer.Serialize(new { Kind, Profile, Source, Tag, Mapping, open });

    /// <exception cref="ProblemException">400: empty, too long, or with characters that cannot be stored.</exception>
    public static void CheckText(string name, string? value)
    {
        if (value is null) return;
        if (string.IsNullOrWhiteSpace(value) || value.Length > MaxLength || value.Any(c => char.IsControl(c) || c == '\uFFFD'))
            throw ProblemException.BadRequest($"{name} is 1 to {MaxLength} characters of UTF-8 without control characters.");
    }

    /// <summary>Null where none is given.</summary>
    /// <exception cref="ProblemException">400: there is no such kind.</exception>
    public static DocumentKind? KindOf(string? kind) => kind switch
    {
        null => null,
        "cv" => DocumentKind.Cv,
        "job" => DocumentKind.Job,
        _ => throw ProblemException.BadRequest("kind is cv or job, in lower case."),
    };

    private ColumnMapping ParsedMapping()
    {
        try
        {
            return Mapping is null ? new ColumnMapping() : ColumnMapping.Parse(Mapping);
        }
        catch (FormatException e)
        {
            throw ProblemException.BadRequest(e.Message);
        }
    }
}
