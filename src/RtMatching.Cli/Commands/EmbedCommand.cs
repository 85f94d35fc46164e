using System.CommandLine;
using System.Text;
using System.Text.Json;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary><c>embed</c>: JSON lines of texts in, JSON lines of vectors out, in the same order. Needs no database.</summary>
internal static class EmbedCommand
{
    private static readonly Option<string?> Model = CommonOptions.Model();
    private static readonly Option<PoolingKind> Pooling = VectorOptions.Pooling();
    private static readonly VectorOptions Vector = new();
    private static readonly Option<int> Iterations = new("--iterations") { Description = "Passes of Refined Thought; 1 is the plain model.", DefaultValueFactory = _ => 1, HelpName = "K" };
    private static readonly Option<bool> AllIterations = new("--all-iterations") { Description = "Write the vector of every pass, not only the last." };
    private static readonly Option<string?> Input = new("--input") { Description = "A file of {\"id\",\"text\"} lines; stdin without it.", HelpName = "F.jsonl" };
    private static readonly Option<string?> Output = new("--output") { Description = "Where the lines go; stdout without it.", HelpName = "F.jsonl" };

    public static Command Create()
    {
        var command = new Command("embed", "Turns {\"id\",\"text\"} lines into L2-normalised vectors; needs no database.")
        {
            Model, Pooling, Iterations, AllIterations, Input, Output, CommonOptions.Server, CommonOptions.Key,
        };
        foreach (var option in Vector.All) command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var server = ServerClient.From(parsed);
            return server is null ? Run(parsed, cancellation) : await RunAsync(parsed, server, cancellation);
        });
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var options = Options(parsed);
        using var model = LanguageModel.Load(ModelCatalog.Resolve(parsed.GetValue(Model)));
        using var output = OpenOutput(parsed.GetValue(Output));
        using var progress = new ProgressLine("embedding", "texts");
        var ids = new Queue<JsonElement>();
        var done = 0;
        foreach (var embedding in new TextEmbedder(model).EmbedStream(Texts(parsed.GetValue(Input), ids, cancellation), options, cancellation))
        {
            Write(output, ids.Dequeue(), embedding);
            progress.Report(++done, 0);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> RunAsync(ParseResult parsed, ServerClient server, CancellationToken cancellation)
    {
        if (parsed.GetValue(AllIterations)) throw new UsageException("--all-iterations: a server gives the last pass only; run embed without --server");
        var options = Options(parsed);
        if (options.Stop is not null) throw new UsageException("--stop: a server runs the passes asked for; run embed without --server");
        if (options.Memory != MemorySettings.Default)
            throw new UsageException("--memory-...: a server's embeddings know no memory settings, only its profiles do; run embed without --server");
        var path = parsed.GetValue(Input);
        await using var input = InputFile.Open(path);
        using var output = OpenOutput(parsed.GetValue(Output));
        using var progress = new ProgressLine("embedding", "texts");
        var embedding = new RemoteEmbedding(server, parsed.GetValue(Model), options);
        var lines = IdentifiedTexts.ReadAsync(input, InputFile.Name(path), cancellation: cancellation);
        var done = 0;
        await foreach (var (line, vector) in embedding.EmbedAsync(lines, cancellation))
        {
            Write(output, line.Id, vector);
            progress.Report(++done, 0);
        }

        return ExitCode.Ok;
    }

    private static EmbeddingOptions Options(ParseResult parsed) => Vector.Read(parsed) with
    {
        Pooling = parsed.GetValue(Pooling),
        Iterations = parsed.GetValue(Iterations),
        AllIterations = parsed.GetValue(AllIterations),
    };

    /// <summary>The texts for the embedder; their ids wait in <paramref name="ids"/> for the vectors, which come in the same order.</summary>
    private static IEnumerable<string> Texts(string? input, Queue<JsonElement> ids, CancellationToken cancellation)
    {
        using var stream = InputFile.Open(input);
        foreach (var line in IdentifiedTexts.ReadAsync(stream, InputFile.Name(input), cancellation: cancellation).ToBlockingEnumerable(cancellation))
        {
            lock (ids) ids.Enqueue(line.Id);
            yield return line.Text;
        }
    }

    private static Stream OpenOutput(string? path) =>
        new BufferedStream(path is null ? Console.OpenStandardOutput() : File.Create(path), 1 << 16);

    private static void Write(Stream output, JsonElement id, TextEmbedding embedding)
    {
        if (embedding.Truncated) Terminal.Say($"warning: text {id} is longer than the model's window and was cut: {embedding.Tokens} tokens were run");
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WritePropertyName("id");
            id.WriteTo(json);
            json.WriteStartArray("iterations");
            foreach (var pass in embedding.Passes) Write(json, pass);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void Write(Utf8JsonWriter json, PassEmbedding pass)
    {
        json.WriteStartObject();
        json.WriteNumber("k", pass.K);
        json.WriteStartArray("vector");
        foreach (var value in pass.Vector) json.WriteNumberValue(value);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
