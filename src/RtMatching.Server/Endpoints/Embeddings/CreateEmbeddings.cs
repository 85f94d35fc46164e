using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Embeddings;

/// <summary>
/// <c>POST /v1/embeddings</c> in OpenAI's form (https://platform.openai.com/docs/api-reference/embeddings), so that its clients work here
/// unchanged. Members of theirs that mean nothing here are passed over.
/// </summary>
internal static class CreateEmbeddings
{
    /// <summary>Of OpenAI's API too.</summary>
    private const int MaxInputs = 2048;

    /// <summary>Far beyond the window of any model here.</summary>
    private const int MaxTextLength = 200_000;
    private const long MaxBytes = 8 * 1024 * 1024;

    /// <summary>Published optima lie below ten; a request must not hold the engine for ever.</summary>

    internal enum EncodingFormat { Float, Base64 }

    /// <summary>The body. Pooling and what follows it are this server's own.</summary>
    internal sealed record Request
    {
        /// <summary>A text, or an array of texts.</summary>
        public JsonElement Input { get; init; }

        /// <summary>A name that GET /v1/models lists; the built-in model where it is left out.</summary>
        public string? Model { get; init; }

        /// <summary>base64: little-endian float32.</summary>
        public EncodingFormat? EncodingFormat { get; init; }

        /// <summary>Keep the first so many and normalise again.</summary>
        public int? Dimensions { get; init; }

        public PoolingKind? Pooling { get; init; }

        /// <summary>Passes in all; 1 is the plain model.</summary>
        public int? Iterations { get; init; }

        /// <summary>For models trained with one: embeds <c>Instruct: ...\nQuery:</c> and the text.</summary>
        public string? Instruction { get; init; }

        /// <summary>Embeds the bare text where the pooling would wrap it in a template.</summary>
        public bool? NoPrompt { get; init; }

        /// <summary>Whether the model's end token is appended.</summary>
        public AppendEos? AppendEos { get; init; }

        /// <summary>Of va and aligned_wva: the layers read, for example 4..12.</summary>
        public LayerRange? Layers { get; init; }
    }

    internal sealed record Response(string Object, IReadOnlyList<Item> Data, string Model, Usage Usage);

    /// <param name="Vector">An array of numbers, or a string of base64: what <c>encoding_format</c> asks for. L2-normalised.</param>
    /// <param name="Tokens">Of this text, those that pooling adds included.</param>
    /// <param name="Truncated">The text was longer than the model's window and was cut.</param>
    internal sealed record Item(
        string Object, int Index, [property: JsonPropertyName("embedding")] object Vector, int Tokens,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Truncated);

    internal sealed record Usage(int PromptTokens, int TotalTokens);

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/embeddings", HandleAsync)
        .WithName("CreateEmbeddings")
        .WithSummary("Texts to vectors, in OpenAI's form")
        .WithDescription(
            "As OpenAI's embeddings, so that its clients work here: input is a text or up to 2,048 of them, encoding_format float or base64. Beyond " +
            "it: pooling, iterations (passes of Refined Thought), instruction, no_prompt, append_eos, layers; and each item tells its tokens, and truncated " +
            "where its text was cut to the model's window.")
        .WithTags("embeddings")
        .Accepts<Request>("application/json")
        .Produces<Response>()
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(413).ProducesProblem(415)
        .RequireRateLimiting(RateLimits.Embedding)
        .WithMetadata(OpenAiErrors.Shown, Example);

    private static async Task<Response> HandleAsync(HttpRequest request, IMatchingBackend backend, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<Request>(request, MaxBytes, cancellation);
        var texts = Texts(body.Input);
        var embeddings = await backend.EmbedAsync(body.Model, texts, Options(body), cancellation);
        var tokens = embeddings.Sum(embedding => embedding.Tokens);
        return new Response("list", [.. embeddings.Select((embedding, i) => Describe(i, embedding, body.EncodingFormat))],
            body.Model ?? BuiltInModel.Name, new Usage(tokens, tokens));
    }

    private static EmbeddingOptions Options(Request body)
    {
        if (body.Iterations > TaskProfile.MaxIterations) throw ProblemException.BadRequest($"iterations is {body.Iterations}; it must be from 1 to {TaskProfile.MaxIterations}.");
        if (body.Instruction?.Length > MaxTextLength) throw TooLong("instruction", body.Instruction.Length);
        return new EmbeddingOptions
        {
            Pooling = body.Pooling ?? PoolingKind.Last, Iterations = body.Iterations ?? 1, Instruction = body.Instruction, Dimension = body.Dimensions,
            NoPrompt = body.NoPrompt ?? false, AppendEos = body.AppendEos ?? AppendEos.Auto,
            Layers = body.Layers,
        };
    }

    private static string[] Texts(JsonElement input)
    {
        var count = input.ValueKind == JsonValueKind.Array ? input.GetArrayLength() : 1;
        if (count is 0 or > MaxInputs) throw ProblemException.BadRequest($"input holds {count} texts; send from 1 to {MaxInputs:N0} at once.");
        return input.ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray().Select(Text)] : [Text(input, 0)];
    }

    private static string Text(JsonElement element, int index)
    {
        if (element.ValueKind is JsonValueKind.Number or JsonValueKind.Array)
            throw ProblemException.BadRequest("input holds token ids: send the text itself, because each model here has a vocabulary of its own.");
        if (element.ValueKind != JsonValueKind.String) throw ProblemException.BadRequest("input must be a text or an array of texts.");
        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ProblemException.BadRequest($"input {index} holds half a surrogate pair, which is no text.");
        }

        if (text.Length == 0) throw ProblemException.BadRequest($"input {index} is empty: there is nothing to embed.");
        return text.Length <= MaxTextLength ? text : throw TooLong($"input {index}", text.Length);
    }

    private static ProblemException TooLong(string name, int length) => new(StatusCodes.Status413PayloadTooLarge, "The text is too long.",
        $"{name} has {length:N0} characters; at most {MaxTextLength:N0} are taken. Split it.");

    private static Item Describe(int index, TextEmbedding embedding, EncodingFormat? format) =>
        new("embedding", index, format == EncodingFormat.Base64 ? Base64(embedding.Vector) : embedding.Vector, embedding.Tokens, embedding.Truncated);

    /// <summary>Little-endian float32, whatever the machine's own order.</summary>
    private static string Base64(float[] vector)
    {
        if (BitConverter.IsLittleEndian) return Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()));
        var bytes = new byte[vector.Length * sizeof(float)];
        for (var i = 0; i < vector.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        return Convert.ToBase64String(bytes);
    }

    private static EndpointExample Example { get; } = new()
    {
        Request = new
        {
            model = "rt-mini", input = (string[])["Baked bread and pastry daily", "Kept food safety records"], encoding_format = "float", dimensions = 4,
        },
        Response = new Response("list",
            [
                new Item("embedding", 0, (float[])[0.5f, -0.5f, 0.5f, 0.5f], 9, false),
                new Item("embedding", 1, (float[])[0.1f, 0.7f, -0.1f, 0.7f], 6, false),
            ], "rt-mini", new Usage(15, 15)),
    };
}
