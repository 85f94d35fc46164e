using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RtMatching.Tests.Infra;

/// <summary>The files under <c>infra</c> that bring the system up, as the tools that read them see them; and the sources they agree with.</summary>
internal static class InfraFiles
{
    public static string Root { get; } = RepositoryRoot();

    public static JsonObject Compose { get; } = (JsonObject)Yaml("infra/compose.yaml").Single();

    /// <summary>All that <c>kubectl apply -k infra/kubernetes</c> applies.</summary>
    public static List<JsonNode> Manifests { get; } =
    [
        .. Kustomization["resources"]!.AsArray().Select(resource => (string)resource!)
            .Where(resource => resource.EndsWith(".yaml", StringComparison.Ordinal))
            .SelectMany(resource => Yaml("infra/kubernetes/" + resource)),
    ];

    public static JsonObject Kustomization => (JsonObject)Yaml("infra/kubernetes/kustomization.yaml").Single();

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static IEnumerable<JsonNode> Yaml(string path)
    {
        using var reader = new StringReader(Text(path));
        var stream = new YamlStream();
        stream.Load(reader);
        return stream.Documents.Select(document => Node(document.RootNode)!);
    }

    private static JsonNode? Node(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(Members(map)),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Node)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value!),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start}"),
    };

    /// <summary>What a map says itself goes before what it takes over with <c>&lt;&lt;</c>.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(YamlMappingNode map)
    {
        var members = map.Children.Select(pair => (Name: ((YamlScalarNode)pair.Key).Value!, pair.Value)).ToLookup(pair => pair.Name == "<<");
        return members[false].Select(pair => KeyValuePair.Create(pair.Name, Node(pair.Value)))
            .Concat(members[true].SelectMany(pair => Members((YamlMappingNode)pair.Value))).DistinctBy(pair => pair.Key);
    }

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "null" or "~" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text),
    };

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "RtMatching.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("The tests run from within the repository.");
    }
}
