using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

public sealed class ReferenceVectorTests : ReferenceVectorContract<ManagedDecoder>;
