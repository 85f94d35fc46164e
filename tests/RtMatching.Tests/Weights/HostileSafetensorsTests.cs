using System.Text;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

public class HostileSafetensorsTests
{
    private const string Good = """{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}""";

    /// <summary>Name of the lie, the bytes, and a part of the message that must tell it.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, string Problem)> Cases = new()
    {
        ["empty file"] = ([], "the file is empty"),
        ["seven bytes"] = (new byte[7], "too short"),
        ["header of 0 bytes"] = (new byte[64], "does not start with '{'"),
        ["header of 2^63 bytes"] = (Bytes("{}", 0, 1UL << 63), "claims 9223372036854775808 bytes"),
        ["header of 2^64 - 1 bytes"] = (Bytes("{}", 0, ulong.MaxValue), "claims 18446744073709551615 bytes"),
        ["header longer than the file"] = (Bytes(Entry(Good), 16, 5000), "the file is truncated or the header lies"),
        ["header cut short"] = (Bytes(Entry(Good), 16, 30), "not valid JSON"),
        ["not JSON"] = (Bytes("{tensor}", 16), "not valid JSON"),
        ["an array"] = (Bytes("[1,2,3]", 16), "does not start with '{'"),
        ["not UTF-8"] = (Bytes([.. "{\"a"u8, 0xC3, 0x28, .. "\":1}"u8], 16), "not UTF-8"),
        ["half a surrogate pair"] = (Bytes($$"""{"\ud800":{{Good}}}""", 16), "not valid JSON"),
        ["deep JSON"] = (Bytes("{\"__metadata__\":" + new string('[', 100_000), 16), "not valid JSON"),
        ["deep shape"] = (Field("shape", "[[[[2]]]]"), "tensor 't': shape holds something other than an integer"),
        ["something behind the header"] = (Bytes(Entry(Good) + " x", 16), "not valid JSON"),
        ["no tensor"] = (Bytes("""{"__metadata__":{"format":"pt"}}""", 0), "holds no tensor"),
        ["the same tensor twice"] = (Bytes($$"""{"t":{{Good}},"t":{{Good}}}""", 16), "'t' stands twice"),
        ["the same field twice"] = (
            Bytes(Entry("""{"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,16]}"""), 16), "dtype is not one string"),
        ["unknown field"] = (
            Bytes(Entry("""{"dtype":"F32","shape":[4],"data_offsets":[0,16],"strides":[1]}"""), 16), "unknown field 'strides'"),
        ["missing field"] = (Bytes(Entry("""{"dtype":"F32","data_offsets":[0,16]}"""), 16), "is missing"),
        ["entry is a number"] = (Bytes(Entry("7"), 16), "its entry is not an object"),
        ["unknown type"] = (Field("dtype", "\"F8_E4M3\""), "type 'F8_E4M3' is not supported"),
        ["type is a number"] = (Field("dtype", "32"), "dtype is not one string"),
        ["NaN in shape"] = (Field("shape", "[NaN]"), "not valid JSON"),
        ["fraction in shape"] = (Field("shape", "[2.5,2]"), "other than an integer"),
        ["exponent in shape"] = (Field("shape", "[1e1]"), "other than an integer"),
        ["text in shape"] = (Field("shape", "[\"4\"]"), "other than an integer"),
        ["negative dimension"] = (Field("shape", "[-2,-2]"), "dimension 0 of its shape is -2"),
        ["dimension 0"] = (Field("shape", "[0,4]"), "dimension 0 of its shape is 0"),
        ["dimension 2^40"] = (Field("shape", "[1099511627776]"), "dimension 0 of its shape is 1099511627776"),
        ["dimension 2^63"] = (Field("shape", "[9223372036854775808]"), "other than an integer below 2^63"),
        ["product overflows"] = (Field("shape", "[2147483647,2147483647,2147483647]"), "rows are longer than"),
        ["rows times length overflow"] = (Field("shape", "[2147483647,268435456]"), "leave the file"),
        ["a thousand dimensions"] = (Field("shape", $"[{string.Join(',', Enumerable.Repeat(1, 1000))}]"), "more than 8 entries"),
        ["shape larger than its bytes"] = (Field("shape", "[1,2]"), "data_offsets span 16 bytes where F32 [1, 2] takes 8"),
        ["three offsets"] = (Field("data_offsets", "[0,8,16]"), "not a pair"),
        ["offsets reversed"] = (Field("data_offsets", "[16,0]"), "leave the 16 bytes of data"),
        ["negative offset"] = (Field("data_offsets", "[-16,0]"), "leave the 16 bytes of data"),
        ["offset behind the file"] = (Field("data_offsets", "[16,32]"), "leave the 16 bytes of data"),
        ["offset 2^63 - 1"] = (Field("data_offsets", "[9223372036854775791,9223372036854775807]"), "leave the 16 bytes of data"),
        ["overlap"] = (
            Bytes("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16), "overlaps"),
        ["gap"] = (
            Bytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16), "leaves a gap"),
        ["bytes of no tensor"] = (Bytes(Entry(Good), 20), "4 bytes at its end belong to no tensor"),
        ["two names for one tensor"] = (
            Bytes("""{"norm.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"model.norm.weight":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16),
            "'model.norm.weight' stands twice"),
    };

    public static TheoryData<string> Lies => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Hostile_header_is_refused(string lie) => HostileFile.AssertRefused("bad.safetensors", Cases[lie].Bytes, Cases[lie].Problem);

    [Fact]
    public void Every_truncation_is_refused() => HostileFile.AssertEveryTruncationRefused("cut.safetensors", Valid());

    [Fact]
    public void Random_damage_never_crashes() => HostileFile.AssertDamageIsHarmless("damaged.safetensors", Valid(), rounds: 1000);

    [Fact]
    public void Missing_file_is_named()
        => Assert.Contains("there is no such file", Assert.Throws<InvalidWeightsException>(() => SafetensorsWeights.Open("/nowhere/x")).Message);

    private static string Entry(string entry) => $$"""{"t":{{entry}}}""";

    private static byte[] Field(string field, string value)
    {
        var fields = new Dictionary<string, string> { ["dtype"] = "\"F32\"", ["shape"] = "[2,2]", ["data_offsets"] = "[0,16]", [field] = value };
        return Bytes(Entry($"{{{string.Join(',', fields.Select(f => $"\"{f.Key}\":{f.Value}"))}}}"), 16);
    }

    internal static byte[] Bytes(string header, int data, ulong? claimed = null) => Bytes(Encoding.UTF8.GetBytes(header), data, claimed);

    private static byte[] Bytes(byte[] header, int data, ulong? claimed = null)
        => [.. BitConverter.GetBytes(claimed ?? (ulong)header.Length), .. header, .. Enumerable.Range(0, data).Select(i => (byte)i)];

    private static byte[] Valid() => Bytes(
        """
        {"__metadata__":{"format":"pt"},
        "model.norm.weight":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},
        "a":{"dtype":"F32","shape":[2,2],"data_offsets":[6,22]},
        "b":{"dtype":"F16","shape":[1,2,2],"data_offsets":[22,30]}}   
        """, 30);
}
