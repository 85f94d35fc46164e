namespace RtMatching.Orleans;

/// <summary>This silo would do it wrongly, or cannot: it has other weights, another text preparation, or not that model. Another may be able to.</summary>
internal sealed class RefusedException(string message) : Exception(message);
