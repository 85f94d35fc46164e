namespace RtMatching.Core.Profiles;

/// <summary>What a document is: decides the instruction it is embedded with and the side it ranks on. In the database: cv, job.</summary>
public enum DocumentKind { Cv, Job }
