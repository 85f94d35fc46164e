namespace RtMatching.Inference.Model;

internal sealed class Decoder;
