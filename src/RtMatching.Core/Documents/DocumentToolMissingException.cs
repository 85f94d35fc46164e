namespace RtMatching.Core.Documents;

/// <summary>A program that reading documents needs is not installed: a fault of the set-up, never of a document.</summary>
public sealed class DocumentToolMissingException(string message) : Exception(message);
