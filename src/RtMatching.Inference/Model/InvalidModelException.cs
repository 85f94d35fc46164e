namespace RtMatching.Inference.Model;

/// <summary>A model's files are missing, contradict each other or are of a kind not supported; the message names file, field and remedy.</summary>
public class InvalidModelException(string message, Exception? inner = null) : Exception(message, inner);
