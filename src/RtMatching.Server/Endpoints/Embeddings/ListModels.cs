using RtMatching.Inference.Model;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Embeddings;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c> in OpenAI's form: the models of the catalogue that can be loaded.</summary>
internal static class ListModels
{
    /// <param name="Created">Seconds since 1970: of the model's files.</param>
    /// <param name="Window">Tokens that it reads at once.</param>
    /// <param name="Dimensions">Of its widest vectors.</param>
    internal sealed record Model(string Id, string Object, long Created, string OwnedBy, int Window, int Dimensions);

    internal sealed record Response(string Object, IReadOnlyList<Model> Data);

    private static readonly Model Example = new("rt-mini", "model", 1789000000, "rtmatching", 512, 256);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/models", () => new Response("list", All()))
            .WithName("ListModels")
            .WithSummary("The models at hand, in OpenAI's form")
            .WithDescription("The built-in model, and those of the server's folder of models that can be loaded. Beyond OpenAI's form: window and dimensions.")
            .WithTags("embeddings")
            .Produces<Response>()
            .WithMetadata(OpenAiErrors.Shown, new EndpointExample { Response = new Response("list", [Example]) });
        api.MapGet("/models/{id}", (string id) => Find(id))
            .WithName("GetModel")
            .WithSummary("One model, in OpenAI's form")
            .WithDescription("A model that the list shows.")
            .WithTags("embeddings")
            .Produces<Model>()
            .ProducesProblem(404)
            .WithMetadata(OpenAiErrors.Shown, new EndpointExample { Response = Example, Parameters = new Dictionary<string, object> { ["id"] = "rt-mini" } });
    }

    private static Model Find(string id) => All().FirstOrDefault(model => model.Id == id)
        ?? throw ProblemException.NotFound("There is no such model here; GET /v1/models lists those there are.");

    private static List<Model> All() => [.. ModelCatalog.List().Where(model => model is { Problem: null, Config: not null }).Select(Describe)];

    private static Model Describe(ModelDescription model)
    {
        var written = File.Exists(model.Path) ? File.GetLastWriteTimeUtc(model.Path) : Directory.GetLastWriteTimeUtc(model.Path);
        return new Model(model.Name, "model", new DateTimeOffset(written).ToUnixTimeSeconds(), "rtmatching", model.Config!.Window, model.Config.Hidden);
    }
}
