using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

public class HostileGgufTests
{
    private const uint F32 = 0, Q8_0 = 8, Q4_K = 12;
    private const ulong Huge = 1UL << 63;

    /// <summary>Name of the lie, the bytes, and a part of the message that must tell it.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, string Problem)> Cases = new()
    {
        ["empty file"] = ([], "the file is empty"),
        ["three bytes"] = ("GGU"u8.ToArray(), "ends within magic"),
        ["another magic"] = (new GgufBytes { Magic = "GGML" }.Build(), "not a GGUF file"),
        ["version 1"] = (Small(new() { Version = 1 }), "GGUF version 1"),
        ["version 4"] = (Small(new() { Version = 4 }), "GGUF version 4"),
        ["big-endian"] = (Small(new() { Version = 0x0300_0000 }), "big-endian"),
        ["2^63 tensors"] = (Small(new() { TensorCount = Huge }), "tensor count: a count of 9223372036854775808"),
        ["more tensors than bytes"] = (Small(new() { TensorCount = 90_000 }), "more than the rest of the file can hold"),
        ["one tensor too many"] = (Small(new() { TensorCount = 2 }), "tensor '' has "),
        ["2^63 metadata"] = (Small(new() { EntryCount = Huge }), "metadata count: a count of 9223372036854775808"),
        ["more metadata than bytes"] = (Small(new() { EntryCount = 60_000 }), "more than the rest of the file can hold"),
        ["no tensor"] = (new GgufBytes().String("general.name", "x").Build(), "holds no tensor"),
        ["key of 2^63 bytes"] = (
            Small(new GgufBytes().Entry(GgufBytes.Text("k"u8.ToArray(), Huge), GgufValueType.Bool, [1])), "a metadata key claims"),
        ["key longer than the file"] = (
            Small(new GgufBytes().Entry(GgufBytes.Text("k"u8.ToArray(), 4000), GgufValueType.Bool, [1])), "ends within a metadata key"),
        ["key that is not UTF-8"] = (
            Small(new GgufBytes().Entry(GgufBytes.Text([0xC3, 0x28]), GgufValueType.Bool, [1])), "a metadata key is not UTF-8"),
        ["text of 2^63 bytes"] = (Value(GgufValueType.String, GgufBytes.Text([1], Huge)), "metadata 'k' claims"),
        ["text longer than the file"] = (Value(GgufValueType.String, GgufBytes.Text([1], 4000)), "ends within metadata 'k'"),
        ["text that is not UTF-8"] = (Value(GgufValueType.String, GgufBytes.Text([0xFF, 0xFE])), "metadata 'k' is not UTF-8"),
        ["bool of 2"] = (Value(GgufValueType.Bool, [2]), "neither 0 nor 1"),
        ["unknown metadata type"] = (Value((GgufValueType)13, [0, 0, 0, 0]), "unknown metadata type 13"),
        ["unknown element type"] = (Value(GgufValueType.Array, GgufBytes.Array((GgufValueType)77, 1, 0)), "unknown metadata type 77"),
        ["2^63 elements"] = (Value(GgufValueType.Array, GgufBytes.Array(GgufValueType.UInt8, Huge)), "a count of 9223372036854775808"),
        ["elements beyond the file"] = (
            Value(GgufValueType.Array, GgufBytes.Array(GgufValueType.UInt64, 1_000_000)), "more than the rest of the file can hold"),
        ["texts beyond the file"] = (
            Value(GgufValueType.Array, GgufBytes.Array(GgufValueType.String, 3_999_999)), "more than the rest of the file can hold"),
        ["arrays in arrays"] = (Value(GgufValueType.Array, NestedArrays(5000)), "arrays within arrays"),
        ["the same key twice"] = (Small(new GgufBytes().UInt32("k", 1).UInt32("k", 2)), "metadata 'k' stands twice"),
        ["alignment 0"] = (Small(new GgufBytes().UInt32("general.alignment", 0)), "'general.alignment' is 0"),
        ["alignment 33"] = (Small(new GgufBytes().UInt32("general.alignment", 33)), "'general.alignment' is 33"),
        ["alignment 2^31"] = (Small(new GgufBytes().UInt32("general.alignment", 1u << 31)), "'general.alignment' is 2147483648"),
        ["alignment in words"] = (Small(new GgufBytes().String("general.alignment", "32")), "not a power of two"),
        ["tensor name of 2^63 bytes"] = (new GgufBytes().Tensor(GgufBytes.Text([1], Huge), F32, [8], 0).Build(), "a tensor's name claims"),
        ["tensor name that is not UTF-8"] = (
            new GgufBytes().Tensor(GgufBytes.Text([0x80]), F32, [8], 0).Build(), "a tensor's name is not UTF-8"),
        ["the same tensor twice"] = (new GgufBytes().Tensor("t", F32, [8], 0).Tensor("t", F32, [8], 32).Build(), "tensor 't' stands twice"),
        ["no dimension"] = (new GgufBytes().Tensor("t", F32, [], 0).Build(), "0 dimensions"),
        ["five dimensions"] = (new GgufBytes().Tensor("t", F32, [1, 1, 1, 1, 1], 0).Build(), "5 dimensions"),
        ["2^32 - 1 dimensions"] = (ManyDimensions(), "4294967295 dimensions"),
        ["dimension 0"] = (new GgufBytes().Tensor("t", F32, [8, 0], 0).Build(), "dimension 1 of its shape is 0"),
        ["dimension -1"] = (
            new GgufBytes().Tensor("t", F32, [8, ulong.MaxValue], 0).Build(), "dimension 1 of its shape is 18446744073709551615"),
        ["product overflows"] = (
            new GgufBytes().Tensor("t", F32, [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue], 0).Build(), "rows are longer than"),
        ["rows times length overflow"] = (new GgufBytes().Tensor("t", F32, [1 << 28, int.MaxValue], 0).Build(), "leave the file"),
        ["unknown tensor type"] = (
            new GgufBytes().Tensor("t", 99, [8], 0).Build(), "unknown type 99 is not supported until a later version"),
        ["Q4_K"] = (new GgufBytes().Tensor("t", Q4_K, [256], 0).Build(), "Q4_K is not supported until a later version"),
        ["removed type Q4_2"] = (new GgufBytes().Tensor("t", 4, [32], 0).Build(), "unknown type 4"),
        ["offset 2^63"] = (new GgufBytes().Tensor("t", F32, [8], Huge).Build(), "its offset 9223372036854775808 leaves the file"),
        ["offset behind the file"] = (new GgufBytes().Tensor("t", F32, [8], 160).Build(), "leave the file"),
        ["offset between alignments"] = (new GgufBytes().Tensor("t", F32, [8], 4).Build(), "not a multiple of the alignment 32"),
        ["last byte missing"] = (new GgufBytes { Data = 31 }.Tensor("t", F32, [8], 0).Build(), "leave the file"),
        ["overlap"] = (new GgufBytes().Tensor("a", F32, [16], 0).Tensor("b", F32, [8], 32).Build(), "tensors 'a' and 'b' overlap"),
        ["the same place twice"] = (new GgufBytes().Tensor("a", F32, [8], 0).Tensor("b", F32, [8], 0).Build(), "overlap"),
        ["half a block"] = (new GgufBytes().Tensor("t", Q8_0, [48], 0).Build(), "rows of 48 numbers are not whole Q8_0 blocks of 32"),
        ["Llama without heads"] = (Query(new GgufBytes()), "'llama.attention.head_count' is missing"),
        ["Llama with no heads"] = (Query(new GgufBytes().UInt32("llama.attention.head_count", 0)), "'llama.attention.head_count' is 0"),
        ["heads in words"] = (Query(new GgufBytes().String("llama.attention.head_count", "2")), "'llama.attention.head_count' is 2"),
        ["heads that do not divide"] = (
            Query(new GgufBytes().UInt32("llama.attention.head_count", 3)), "4 rows are not 3 heads of an even width"),
        ["two names for one tensor"] = (
            new GgufBytes().Tensor("output_norm.weight", F32, [8], 0).Tensor("model.norm.weight", F32, [8], 32).Build(), "two tensors are called 'model.norm.weight'"),
        ["name that commands a terminal"] = (new GgufBytes().Tensor("\u001b[2J", Q4_K, [256], 0).Build(), "tensor '\uFFFD[2J'"),
    };

    public static TheoryData<string> Lies => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Hostile_header_is_refused(string lie) => HostileFile.AssertRefused("bad.gguf", Cases[lie].Bytes, Cases[lie].Problem);

    [Fact]
    public void Every_truncation_is_refused() => HostileFile.AssertEveryTruncationRefused("cut.gguf", Valid());

    [Fact]
    public void Random_damage_never_crashes() => HostileFile.AssertDamageIsHarmless("damaged.gguf", Valid(), rounds: 1000);

    [Fact]
    public void Missing_file_and_folder_are_named()
    {
        Assert.Contains("there is no such file", Assert.Throws<InvalidWeightsException>(() => GgufWeights.Open("/nowhere/x.gguf")).Message);
        Assert.Throws<InvalidWeightsException>(() => GgufWeights.Open(Path.GetTempPath()));
    }

    private static byte[] Small(GgufBytes bytes) => bytes.Tensor("t", F32, [8], 0).Build();

    private static byte[] Value(GgufValueType type, byte[] value) => Small(new GgufBytes().Entry("k", type, value));

    private static byte[] NestedArrays(int depth)
        => [.. Enumerable.Range(0, depth).SelectMany(_ => GgufBytes.Array(GgufValueType.Array, 1)), .. GgufBytes.Array(GgufValueType.Bool, 0)];

    private static byte[] ManyDimensions()
    {
        var bytes = new GgufBytes().Tensor("t", F32, [8], 0).Build();
        BitConverter.GetBytes(uint.MaxValue).CopyTo(bytes, 24 + 8 + 1); // behind the file's head and the name
        return bytes;
    }

    private static byte[] Query(GgufBytes bytes)
        => bytes.String("general.architecture", "llama").Tensor("blk.0.attn_q.weight", F32, [4, 4], 0).Build();

    /// <summary>A file of all kinds of metadata and two tensors that reach its last byte.</summary>
    private static byte[] Valid() => new GgufBytes { Data = 64 + 34 * 2 }
        .String("general.architecture", "llama").UInt32("llama.attention.head_count", 2).UInt32("general.alignment", 32)
        .Entry("b", GgufValueType.Bool, [1]).Entry("f", GgufValueType.Float64, BitConverter.GetBytes(0.5))
        .Entry("words", GgufValueType.Array, GgufBytes.Array(GgufValueType.String, 2, [.. GgufBytes.Text("Ġa"), .. GgufBytes.Text("")]))
        .Entry("types", GgufValueType.Array, GgufBytes.Array(GgufValueType.Int32, 2, 1, 0, 0, 0, 3, 0, 0, 0))
        .Tensor("blk.0.attn_q.weight", F32, [4, 4], 0).Tensor("token_embd.weight", Q8_0, [32, 2], 64)
        .Build();
}
