namespace RtMatching.Torch;

/// <summary>libtorch, the driver or a device is not there; the message names it and the remedy.</summary>
public sealed class TorchUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
