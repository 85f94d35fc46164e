using System.Text.Json.Nodes;

namespace RtMatching.Tests.Infra;

/// <summary>A container that is to run, wherever it was written down.</summary>
/// <param name="Environment">What stands there; null where the cluster fills it in.</param>
internal sealed record Workload(string Name, JsonNode Container, IReadOnlyDictionary<string, string?> Environment, JsonNode? Pod = null)
{
    public static IReadOnlyList<Workload> OfCompose() =>
    [
        .. InfraFiles.Compose["services"]!.AsObject().Select(service => new Workload(
            service.Key, service.Value!, (service.Value!["environment"] as JsonObject ?? [])
            .ToDictionary(variable => variable.Key, variable => (string?)variable.Value!.ToString()))),
    ];

    /// <summary>Containers that prepare a pod stand under its name and their own: <c>migrate/roles</c>.</summary>
    public static IReadOnlyList<Workload> OfKubernetes() =>
    [
        .. InfraFiles.Manifests.Where(manifest => manifest["spec"]?["template"] is not null).SelectMany(manifest =>
        {
            var (name, pod) = ((string)manifest["metadata"]!["name"]!, manifest["spec"]!["template"]!["spec"]!);
            return pod["containers"]!.AsArray().Select(container => Of(name, container!, pod))
                .Concat((pod["initContainers"] as JsonArray ?? []).Select(container => Of($"{name}/{container!["name"]}", container, pod)));
        }),
    ];

    public static Workload Silo(IEnumerable<Workload> all, string name) => all.Single(workload => workload.Name == name);

    private static Workload Of(string name, JsonNode container, JsonNode pod)
    {
        var settings = (container["envFrom"] as JsonArray ?? []).SelectMany(source => Map((string)source!["configMapRef"]!["name"]!));
        var own = (container["env"] as JsonArray ?? [])
            .Select(variable => KeyValuePair.Create((string)variable!["name"]!, variable["value"]?.ToString()));
        return new Workload(name, container, settings.Concat(own).ToDictionary(), pod);
    }

    private static IEnumerable<KeyValuePair<string, string?>> Map(string name) => InfraFiles.Manifests
        .Single(manifest => (string)manifest["kind"]! == "ConfigMap" && (string)manifest["metadata"]!["name"]! == name)["data"]!.AsObject()
        .Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value!.ToString()));
}
