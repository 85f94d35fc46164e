namespace RtMatching.Inference.Model;

/// <summary>A batch does not fit the memory of the decoder's device. Nothing of it was kept there; run it again in smaller parts.</summary>
public sealed class DeviceMemoryException(string message, Exception? inner = null) : Exception(message, inner);
