namespace RtMatching.Core.Profiles;

/// <summary>What a document is: decides the instruction it is embedded with and the side it ranks on. In the database: cv, job.</summary>
public enum DocumentKind { Cv, Job }

public static class DocumentKindName
{
    /// <summary>As every table writes it: <c>cv</c> or <c>job</c>.</summary>
    public static string Name(this DocumentKind kind) => kind == DocumentKind.Cv ? "cv" : "job";
}
