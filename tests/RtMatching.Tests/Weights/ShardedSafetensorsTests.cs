using System.Security.Cryptography;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

public sealed class ShardedSafetensorsTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-shards-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Shards_are_one_model_with_one_hash_in_name_order()
    {
        WriteShards();
        WriteIndex($$"""{"metadata":{"total_size":24},"weight_map":{"model.b":"{{Second}}","model.a":"{{First}}","norm.weight":"{{Second}}"} }""");
        using var weights = SafetensorsWeights.Open(_folder.FullName);

        Assert.Equal(["model.a", "model.b", "model.norm.weight"], weights.Tensors.Keys.Order());
        var row = new float[2];
        weights.ReadRows(weights.Tensors["model.norm.weight"], 0, 1, row);
        Assert.Equal(BitConverter.ToSingle([8, 9, 10, 11]), row[0]);
        byte[] both = [.. File.ReadAllBytes(At(First)), .. File.ReadAllBytes(At(Second))];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(both)), weights.Hash);
    }

    [Theory]
    [InlineData("""{"weight_map":{"model.a":"../model.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"/etc/x.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"sub/x.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"..\\x.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"C:x.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"..safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"x\u0000.safetensors"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"config.json"}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":7}}""", "not a file name within the folder")]
    [InlineData("""{"weight_map":{"model.a":"model-00003-of-00002.safetensors"}}""", "there is no such file")]
    [InlineData("""{"weight_map":{"model.c":"model-00001-of-00002.safetensors"}}""", "promises tensor 'model.c' here")]
    [InlineData("""{"weight_map":{"model.a":"model-00002-of-00002.safetensors"}}""", "promises tensor 'model.a' here")]
    [InlineData("""{"weight_map":{"model.a":"a.safetensors","model.a":"b.safetensors"}}""", "not a readable JSON index")]
    [InlineData("""{"weight_map":{"\ud800":"a.safetensors"}}""", "not a readable JSON index")]
    [InlineData("""{"weight_map":{}}""", "weight_map is empty")]
    [InlineData("""{"weight_map":[]}""", "no object weight_map")]
    [InlineData("[]", "no object weight_map")]
    [InlineData("", "not a readable JSON index")]
    [InlineData("[[[[[[[[[[[[", "not a readable JSON index")]
    public void Lying_index_is_refused(string index, string problem)
    {
        WriteShards();
        WriteIndex(index);
        var error = Assert.Throws<InvalidWeightsException>(() => SafetensorsWeights.Open(_folder.FullName).Dispose());
        Assert.Contains(problem, error.Message);
        Assert.StartsWith(_folder.FullName, error.Message);
    }

    [Fact]
    public void Folder_without_weights_is_named()
        => Assert.Contains("neither model.safetensors nor", Assert.Throws<InvalidWeightsException>(() => SafetensorsWeights.Open(_folder.FullName)).Message);

    private void WriteShards()
    {
        File.WriteAllBytes(At(First), HostileSafetensorsTests.Bytes("""{"model.a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8));
        File.WriteAllBytes(At(Second), HostileSafetensorsTests.Bytes(
            """{"model.b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"norm.weight":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16));
    }

    private void WriteIndex(string json) => File.WriteAllText(At(SafetensorsWeights.IndexName), json);

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
