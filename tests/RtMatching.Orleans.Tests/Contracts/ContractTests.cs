using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.CodeGeneration;
using Orleans.Serialization;
using RtMatching.Core.Matching;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Tests.Contracts;

/// <summary>What silos of two versions say to each other while a cluster is renewed.</summary>
public class ContractTests
{
    /// <summary>Writes the bytes of types that the file does not hold; what stands there stays, because silos that speak so are out there.</summary>
    private const string WriteVariable = "RTMATCH_WRITE_CONTRACTS";

    private static readonly string BytesFile = Path.Combine(AppContext.BaseDirectory, "Contracts", "contracts.txt");
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private static Assembly Ours { get; } = typeof(BatchOrder).Assembly;

    private static IEnumerable<Type> Travelling => Ours.GetTypes().Where(type =>
        type.Namespace == typeof(BatchOrder).Namespace && !type.IsInterface && type.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    public static TheoryData<string> Types => [.. Travelling.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Bytes_of_earlier_versions_are_still_read(string type)
    {
        var sample = Samples.All.Single(value => value.GetType().Name == type);
        Assert.True(Committed().TryGetValue(type, out var bytes), $"{BytesFile} lacks {type}: run this test with {WriteVariable}=PATH of the file in the source.");
        var read = Serializer.Deserialize<object>(bytes)!;
        Assert.Equal(JsonSerializer.Serialize(sample, sample.GetType()), JsonSerializer.Serialize(read, read.GetType()));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_written_is_read(string type)
    {
        var sample = Samples.All.Single(value => value.GetType().Name == type);
        var read = Serializer.Deserialize<object>(Serializer.SerializeToArray<object>(sample))!;
        Assert.Equal(JsonSerializer.Serialize(sample, sample.GetType()), JsonSerializer.Serialize(read, read.GetType()));
    }

    [Fact]
    public void A_member_more_and_a_member_less_are_read()
    {
        var more = new NewerShape { Name = "a", Added = "b", Count = 3, Inner = new NewerInner { Number = 4, Text = "c" } };
        var asOlder = Serializer.Deserialize<OlderShape>(Serializer.SerializeToArray(more))!;
        Assert.Equal(("a", 3), (asOlder.Name, asOlder.Count));

        var less = new OlderShape { Name = "a", Count = 3 };
        var asNewer = Serializer.Deserialize<NewerShape>(Serializer.SerializeToArray(less))!;
        Assert.Equal(("a", "", 3, null), (asNewer.Name, asNewer.Added, asNewer.Count, asNewer.Inner));
    }

    /// <summary>Samples hold what the first version told; this is what was added since.</summary>
    [Fact]
    public void What_was_added_travels_too()
    {
        var report = new SiloReport { EngineWarning = "cuda:3 is out" };
        Assert.Equal("cuda:3 is out", Serializer.Deserialize<SiloReport>(Serializer.SerializeToArray(report))!.EngineWarning);
    }

    [Fact]
    public void Values_of_Core_take_a_member_more_and_a_member_less()
    {
        var later = new Json { Utf8 = """{"tenant":"acme","text":"job","invented_later":{"a":[1]},"top":7}"""u8.ToArray() };
        Assert.Equal(("acme", "job", 7, 0), (later.Read<RankingRequest>().Tenant, later.Read<RankingRequest>().Text, later.Read<RankingRequest>().Top, later.Read<RankingRequest>().Offset));
        Assert.Throws<JsonException>(() => new Json { Utf8 = "null"u8.ToArray() }.Read<RankingRequest>());
    }

    [Fact]
    public void Values_of_Core_arrive_as_they_were_sent()
    {
        Equivalent(Samples.Request);
        Equivalent(Samples.Ranked);
        Equivalent(Samples.Options);
        var embedding = Json.Of(Samples.Embedding).Read<TextEmbedding>();
        Assert.Equal(Samples.Embedding.Vector, embedding.Vector);       // to the last bit
        Equivalent(Samples.Embedding);
    }

    [Fact]
    public void Vectors_arrive_to_the_last_bit_and_a_wrong_count_is_noticed()
    {
        float[][] vectors = [[1 / 3f, float.Epsilon, -0f], [float.MaxValue, float.MinValue, 1e-20f]];
        Assert.Equal(vectors, VectorBlock.Of(vectors).Read(2));
        Assert.Empty(VectorBlock.Of([]).Read(0));
        Assert.Throws<InvalidDataException>(() => VectorBlock.Of(vectors).Read(3));
        Assert.Throws<InvalidDataException>(() => new VectorBlock { Dimension = -1 }.Read(1));
        Assert.Throws<ArgumentException>(() => VectorBlock.Of([[1], [1, 2]]));
    }

    [Fact]
    public void Logs_that_print_an_order_print_no_text()
    {
        const string Secret = "Jane Doe, smith";
        object[] orders =
        [
            new ProfileTexts { Texts = [Secret] }, new ModelTexts { Texts = [Secret] }, new RankOrder { Request = Json.Of(new RankingRequest { Text = Secret }) },
            new RankReply { Ranking = Json.Of(new[] { Samples.Ranked with { ExternalId = Secret } }) },
        ];
        Assert.All(orders, order => Assert.DoesNotContain("Jane", order.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(KeyNotFoundException))]
    [InlineData(typeof(ArgumentException))]
    [InlineData(typeof(InvalidModelException))]
    [InlineData(typeof(EngineFailedException))]
    public void What_Core_throws_arrives_as_itself(Type type)
    {
        var thrown = (Exception)Activator.CreateInstance(type, [.. type.Namespace!.StartsWith(nameof(RtMatching), StringComparison.Ordinal) ? new object?[] { "why", null } : ["why"]])!;
        var arrived = Serializer.Deserialize<Fault>(Serializer.SerializeToArray(Fault.Of(thrown)!))!.ToException();
        Assert.Equal((type, "why"), (arrived.GetType(), arrived.Message));
    }

    [Fact]
    public void What_nobody_foresaw_is_no_fault() => Assert.Null(Fault.Of(new FormatException("quotes a text")));

    [Fact]
    public void Every_interface_and_call_has_an_alias_and_takes_a_token()
    {
        var interfaces = Ours.GetTypes().Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)).ToList();
        Assert.NotEmpty(interfaces);
        Assert.All(interfaces, type => Assert.NotNull(type.GetCustomAttribute<AliasAttribute>()));
        Assert.All(interfaces.Where(type => type != typeof(IStationGrain)), type => Assert.NotNull(type.GetCustomAttribute<VersionAttribute>()));
        Assert.All(interfaces.SelectMany(type => type.GetMethods()), method =>
        {
            Assert.NotNull(method.GetCustomAttribute<AliasAttribute>());
            Assert.Equal(typeof(CancellationToken), method.GetParameters()[^1].ParameterType);
        });
    }

    private static void Equivalent<T>(T value) => Assert.Equal(JsonSerializer.Serialize(value), JsonSerializer.Serialize(Json.Of(value).Read<T>()));

    private static Dictionary<string, byte[]> Committed()
    {
        var lines = File.Exists(BytesFile) ? File.ReadAllLines(BytesFile) : [];
        if (Environment.GetEnvironmentVariable(WriteVariable) is { Length: > 0 } path) lines = Write(path);
        return lines.Where(line => !line.StartsWith('#')).Select(line => line.Split(' ')).ToDictionary(line => line[0], line => Convert.FromBase64String(line[1]));
    }

    private static string[] Write(string path)
    {
        lock (Serializer)
        {
            var lines = File.Exists(path) ? File.ReadAllLines(path) : ["# Every type that travels between silos, as version 0.1.0 writes it. Lines are added, never changed."];
            var known = lines.Select(line => line.Split(' ')[0]).ToHashSet();
            lines = [.. lines, .. Samples.All.Where(value => !known.Contains(value.GetType().Name))
                .Select(value => $"{value.GetType().Name} {Convert.ToBase64String(Serializer.SerializeToArray(value))}")];
            File.WriteAllLines(path, lines);
            return lines;
        }
    }
}

[GenerateSerializer, Alias("rtmatch.tests.OlderShape")]
public sealed record OlderShape
{
    [Id(0)]
    public string Name { get; init; } = "";

    [Id(2)]
    public int Count { get; init; }
}

[GenerateSerializer, Alias("rtmatch.tests.NewerShape")]
public sealed record NewerShape
{
    [Id(0)]
    public string Name { get; init; } = "";

    [Id(1)]
    public string Added { get; init; } = "";

    [Id(2)]
    public int Count { get; init; }

    [Id(3)]
    public NewerInner? Inner { get; init; }
}

[GenerateSerializer, Alias("rtmatch.tests.NewerInner")]
public sealed record NewerInner
{
    [Id(0)]
    public int Number { get; init; }

    [Id(1)]
    public string Text { get; init; } = "";
}
