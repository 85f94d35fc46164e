namespace RtMatching.Inference.Batching;

/// <summary>The engine fails whatever it is given (its device is gone, say): no text is to blame.</summary>
public sealed class EngineFailedException(string message, Exception? inner = null) : Exception(message, inner);
