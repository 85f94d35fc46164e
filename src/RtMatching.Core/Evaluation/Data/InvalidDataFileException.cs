namespace RtMatching.Core.Evaluation.Data;

/// <summary>A labelled file cannot be evaluated. The message names the file, where it can the line, and the remedy; it quotes no text.</summary>
public sealed class InvalidDataFileException(string message) : FormatException(message);
