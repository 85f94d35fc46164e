using RtMatching.Inference.Model;

namespace RtMatching.Inference.Tokenizer;

/// <summary>A tokenizer is malformed or of a kind not supported; the message names file, field and remedy.</summary>
public sealed class InvalidTokenizerException(string message, Exception? inner = null) : InvalidModelException(message, inner);
