using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

public sealed class GoldenPoolingTests : GoldenPoolingContract<ManagedDecoder>;
