using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

/// <summary>A temporary file of given bytes, and what must hold when it is opened.</summary>
internal sealed class HostileFile : IDisposable
{
    /// <summary>A small file must be refused, whatever sizes it claims, without allocating more than this.</summary>
    private const long MaxAllocated = 2 << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-weights-");

    public HostileFile(string name) => Path = System.IO.Path.Combine(_folder.FullName, name);

    public string Path { get; }

    public void Dispose() => _folder.Delete(recursive: true);

    public static void AssertRefused(string name, byte[] bytes, string problem)
    {
        using var file = new HostileFile(name);
        File.WriteAllBytes(file.Path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidWeightsException>(() => Open(file.Path).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        Assert.StartsWith(file.Path + ":", error.Message);
        Assert.Contains(problem, error.Message);
    }

    /// <summary>Every shorter prefix of a valid file is refused.</summary>
    public static void AssertEveryTruncationRefused(string name, byte[] valid)
    {
        using var file = new HostileFile(name);
        File.WriteAllBytes(file.Path, valid);
        Open(file.Path).Dispose();
        for (var length = valid.Length - 1; length >= 0; length--)
        {
            using (var stream = File.OpenWrite(file.Path)) stream.SetLength(length);
            var error = Record.Exception(() => Open(file.Path).Dispose());
            Assert.True(error is InvalidWeightsException, $"{length} of {valid.Length} bytes: {error?.GetType().Name ?? "accepted"}");
        }
    }

    /// <summary>Random damage is either refused or leaves tensors that can be read to the last row.</summary>
    public static void AssertDamageIsHarmless(string name, byte[] valid, int rounds)
    {
        using var file = new HostileFile(name);
        var random = new Random(20261121);
        var accepted = 0;
        for (var round = 0; round < rounds; round++)
        {
            var damaged = valid.ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            File.WriteAllBytes(file.Path, damaged);
            try
            {
                using var weights = Open(file.Path);
                ReadAll(weights);
                accepted++;
            }
            catch (InvalidWeightsException e)
            {
                Assert.Contains(file.Path, e.Message);
            }
        }
        Assert.InRange(accepted, 1, rounds - 1); // otherwise the damage missed the header, or the reader refuses everything
    }

    private static IWeights Open(string path)
        => path.EndsWith(".gguf", StringComparison.Ordinal) ? GgufWeights.Open(path) : SafetensorsWeights.Open(path);

    private static void ReadAll(IWeights weights)
    {
        foreach (var tensor in weights.Tensors.Values)
        {
            var rows = tensor.Shape.Count < 2 ? 1 : tensor.Shape[0];
            var rowLength = tensor.Shape.Skip(tensor.Shape.Count < 2 ? 0 : 1).Aggregate(1, (product, size) => product * size);
            weights.ReadRows(tensor, 0, rows, new float[rows * rowLength]);
        }
    }
}
