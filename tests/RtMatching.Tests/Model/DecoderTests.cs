namespace RtMatching.Tests.Model;

/// <summary>The managed decoder: all of the contract on the machine's widest registers, the arithmetic on each SIMD path.</summary>
public sealed class DecoderTests : DecoderContract<ManagedDecoder>;

public sealed class Vector128DecoderTests : DecoderArithmeticContract<Vector128Decoder>;

public sealed class Vector256DecoderTests : DecoderArithmeticContract<Vector256Decoder>;

public sealed class Vector512DecoderTests : DecoderArithmeticContract<Vector512Decoder>;

public sealed class DecoderMemoryTests : DecoderMemoryContract<ManagedDecoder>;
