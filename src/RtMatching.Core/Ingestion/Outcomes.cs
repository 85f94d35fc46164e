namespace RtMatching.Core.Ingestion;

/// <summary>Outcomes of items as the database writes them: those of documents, and one for what could not even be read.</summary>
internal static class Outcomes
{
    public const string Ok = "ok";
    public const string Empty = "empty";
    public const string TooLarge = "too_large";
    public const string Corrupt = "corrupt";
    public const string Unsupported = "unsupported";
    public const string Unreadable = "unreadable";

    public static string Of(Documents.DocumentOutcome outcome) => SnakeCase(outcome.ToString());

    public static string Of(Documents.DocumentFormat format) => SnakeCase(format.ToString());

    private static string SnakeCase(string pascal) =>
        string.Concat(pascal.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
