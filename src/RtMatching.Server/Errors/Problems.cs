using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;

namespace RtMatching.Server.Errors;

/// <summary>Which status and words an exception, or a bare status, is told with. Never with the body's own text, nor with a stack trace.</summary>
internal static partial class Problems
{
    private const string NotUnderstood = "The request cannot be understood.";
    private const string AskOperator = "an operator finds the cause in the server's log, by the trace_id.";
    private const int LongestPath = 100;
    private static readonly TimeSpan DatabasePause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EnginePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyPause = TimeSpan.FromSeconds(1);

    public static ProblemException Of(Exception exception) => exception switch
    {
        ProblemException problem => problem,
        BadHttpRequestException { InnerException: JsonException json } => OfJson(json),
        BadHttpRequestException bad => OfRequest(bad),
        JsonException json => OfJson(json),
        ArgumentException argument => ProblemException.BadRequest(WithoutParameter(argument)),
        InvalidLineException line => ProblemException.BadRequest(line.Message),
        KeyInUseException inUse => new(409, "Not now.", inUse.Message) { RetryAfter = KeyPause },
        KeyReusedException reused => new(422, "The key stands for something else.", reused.Message),
        InvalidDataException data => ProblemException.BadRequest(data.Message),
        KeyNotFoundException missing => ProblemException.NotFound(missing.Message),
        PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } =>
            ProblemException.BadRequest("Text holds characters that cannot be stored, such as NUL; leave them out."),
        PostgresException { IsTransient: false } => Fault(),
        NpgsqlException => new(503, "The database does not answer.", $"Try again in a moment; {AskOperator}") { RetryAfter = DatabasePause },
        EngineFailedException => new(503, "The model embeds nothing at present.",
            $"It is tried again until it works: send the request again in a moment; {AskOperator}")
        {
            RetryAfter = EnginePause,
        },
        OperationCanceledException => new(503, "The server is stopping.", "Send the request again; another server, or this one restarted, answers it.")
        {
            RetryAfter = DatabasePause,
        },
        _ => Fault(),
    };

    /// <param name="allow">The header's value where the status is 405.</param>
    public static ProblemException OfStatus(int status, string allow = "") => status switch
    {
        404 => new(status, "There is no such thing.", "Nothing answers at this path; /openapi.json lists what does."),
        405 => new(status, "Not with this method.", $"This path answers {allow}; /openapi.json says what each does."),
        408 => new(status, "Too slow.", "The body stopped arriving; send it again, over a faster connection or in smaller parts."),
        413 => new(status, "Too large.", "The body is larger than the server takes here; send less, or an ingestion in parts."),
        415 => new(status, "Not in this format.", "The body's Content-Type is not one that this path takes; /openapi.json says which are."),
        >= 500 => new(status, "Something went wrong here.", $"It is not the request's fault as far as is known; {AskOperator}"),
        _ => new(status, NotUnderstood, "The request does not have the form that /openapi.json describes."),
    };

    private static ProblemException Fault() => OfStatus(500);

    private static ProblemException OfRequest(BadHttpRequestException bad)
    {
        if (bad.StatusCode != StatusCodes.Status400BadRequest) return OfStatus(bad.StatusCode);
        if (MissingParameter().Match(bad.Message) is { Success: true } missing)
            return ProblemException.BadRequest($"'{Name(missing)}' is missing; /openapi.json says what it takes.");
        if (UnreadableParameter().Match(bad.Message) is { Success: true } unreadable)
            return ProblemException.BadRequest($"'{Name(unreadable)}' has a value that it does not take; /openapi.json says which it does.");
        return ProblemException.BadRequest(bad.Message);
    }

    /// <summary>ASP.NET names the parameter as the handler does; clients know it in snake case.</summary>
    private static string Name(Match match) => JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value);

    private static ProblemException OfJson(JsonException json)
    {
        var path = json.Path is { Length: > 0 } given ? given[..Math.Min(given.Length, LongestPath)] : "$";
        var where = json.LineNumber is { } line ? $"{path}, line {line + 1}" : path;
        var why = json.Message.Contains("depth", StringComparison.Ordinal) ? "it is nested too deep" : "it is not the JSON that /openapi.json describes";
        return ProblemException.BadRequest($"The body cannot be read at {where}: {why}.");
    }

    /// <summary>.NET appends "(Parameter 'x')", which means nothing to a client.</summary>
    private static string WithoutParameter(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;

    [GeneratedRegex("""^Required parameter "[^"]* (?<name>[^" ]+)" was not provided""")]
    private static partial Regex MissingParameter();

    [GeneratedRegex("""^Failed to bind parameter "[^"]* (?<name>[^" ]+)" from """)]
    private static partial Regex UnreadableParameter();
}
