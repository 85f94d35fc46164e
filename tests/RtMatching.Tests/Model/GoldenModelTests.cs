namespace RtMatching.Tests.Model;

public sealed class GoldenModelTests : GoldenModelContract<ManagedDecoder>;
