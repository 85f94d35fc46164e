using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;
using RtMatching.Tests.Refinement;

namespace RtMatching.Torch.Tests.Engine;

// The contracts of the managed decoder, asked of Torch in both precisions; of bfloat16 not what is compared with float32's own numbers, nor the
// scalings of the memory, which are computed above the decoder and by which random maps make its rounding larger.

public sealed class Float32DecoderTests : DecoderContract<TorchFloat32>;

public sealed class Float32DecoderMemoryTests : DecoderMemoryContract<TorchFloat32>;

public sealed class Float32GoldenModelTests : GoldenModelContract<TorchFloat32>;

public sealed class Float32GoldenPoolingTests : GoldenPoolingContract<TorchFloat32>;

public sealed class Float32EmbedderTests : EmbedderContract<TorchFloat32>;

public sealed class Float32SharedForwardTests : SharedForwardContract<TorchFloat32>;

public sealed class Float32MetaEolTests : MetaEolContract<TorchFloat32>;

public sealed class Float32ReferenceVectorTests : ReferenceVectorContract<TorchFloat32>;

public sealed class Float32MemoryScalingTests : MemoryScalingContract<TorchFloat32>;

public sealed class Float32MemoryFitTests : MemoryFitContract<TorchFloat32>;

public sealed class Float32SameAsManagedTests : SameAsManaged<TorchFloat32>;

public sealed class BFloat16DecoderTests : DecoderContract<TorchBFloat16>;

public sealed class BFloat16DecoderMemoryTests : DecoderMemoryContract<TorchBFloat16>;

public sealed class BFloat16EmbedderTests : EmbedderContract<TorchBFloat16>;

public sealed class BFloat16SharedForwardTests : SharedForwardContract<TorchBFloat16>;

public sealed class BFloat16MetaEolTests : MetaEolContract<TorchBFloat16>;

public sealed class BFloat16ReferenceVectorTests : ReferenceVectorContract<TorchBFloat16>
{
    /// <summary>The second comes to a cosine of 0.9987 on one of the texts, transformers' own bfloat16 to 0.993. What follows a pass from the same memory
    /// is asked beside the managed engine.</summary>
    protected override int SmolLm2Passes => 1;
}

public sealed class BFloat16SameAsManagedTests : SameAsManaged<TorchBFloat16>;
