using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Weights;

namespace RtMatching.Tests.Model;

/// <summary>What a model says of itself in its own files, honest or not.</summary>
public sealed class ModelPurposeTests : IDisposable
{
    private const string Modules = """
        [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
         {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
         {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-purpose-");

    public ModelPurposeTests() => Write("config.json", "{}");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("""{"pooling_mode_lasttoken":true,"pooling_mode_mean_tokens":false}""", PoolingKind.Last)]
    [InlineData("""{"pooling_mode_mean_tokens":true}""", PoolingKind.Mean)]
    [InlineData("""{"pooling_mode_mean_sqrt_len_tokens":true}""", PoolingKind.Mean)]
    [InlineData("""{"pooling_mode":"lasttoken"}""", PoolingKind.Last)]
    [InlineData("""{"pooling_mode":"mean"}""", PoolingKind.Mean)]
    public void The_pooling_that_it_was_trained_with(string pooling, PoolingKind expected)
    {
        Write("1_Pooling/config.json", pooling);
        var usual = Read();
        Write("modules.json", Modules);
        var named = Read();

        Assert.All([usual, named], purpose => Assert.Equal((ModelTask.Embedding, expected), (purpose.Task, purpose.Pooling)));
        Assert.All([usual, named], purpose => Assert.Null(purpose.Note));
        Assert.StartsWith("modules.json and 1_Pooling/config.json", named.DecidedBy);
        Assert.False(named.TakesInstruction);
    }

    [Theory]
    [InlineData("""{"pooling_mode_cls_token":true}""", "cls")]
    [InlineData("""{"pooling_mode":"weightedmean"}""", "weightedmean")]
    [InlineData("""{"pooling_mode":"new kind"}""", "none that is known")]
    [InlineData("""{"pooling_mode_max_tokens":true,"pooling_mode_mean_tokens":true}""", "mean with max")]
    [InlineData("{}", "none that is known")]
    public void A_pooling_that_is_not_ours_is_noted(string pooling, string note)
    {
        Write("1_Pooling/config.json", pooling);

        Assert.Equal((ModelTask.Embedding, null), (Read().Task, Read().Pooling));
        Assert.Contains(note, Read().Note);
    }

    [Theory]
    [InlineData("Instruct: Given a web search query, retrieve passages\\nQuery:", true)]
    [InlineData("Instruct: Find it\\nQuery: ", true)]
    [InlineData("query: ", false)]
    [InlineData("", false)]
    public void Its_query_prompt_is_an_instruction_or_not(string prompt, bool takes)
    {
        Write("1_Pooling/config.json", """{"pooling_mode_lasttoken":true}""");
        Write("config_sentence_transformers.json", $$"""{"prompts":{"query":"{{prompt}}","document":""},"default_prompt_name":null}""");

        Assert.Equal(takes, Read().TakesInstruction);
        Assert.Equal(prompt.Length > 0 && !takes, Read().Note?.Contains("is no instruction") ?? false);
    }

    [Fact]
    public void A_dense_layer_after_the_pooling_is_noted()
    {
        Write("1_Pooling/config.json", """{"pooling_mode_lasttoken":true}""");
        Write("modules.json", Modules.Replace("Normalize\"}", "Dense\"}"));

        Assert.Contains("dense layer", Read().Note);
    }

    [Theory]
    [InlineData("modules.json", "{}", "not a JSON list")]
    [InlineData("modules.json", "[", "not readable as JSON")]
    [InlineData("modules.json", "[1]", "at most 32 objects")]
    [InlineData("modules.json", """[{"type":1}]""", "not a string")]
    [InlineData("modules.json", """[{"type":"x.Pooling","path":"../../../../etc"}]""", "no folder beside it")]
    [InlineData("modules.json", """[{"type":"Pooling","path":"/etc"}]""", "no folder beside it")]
    [InlineData("modules.json", """[{"type":"Pooling","path":".."}]""", "no folder beside it")]
    [InlineData("1_Pooling/config.json", "[]", "not a JSON object")]
    [InlineData("1_Pooling/config.json", """{"pooling_mode_lasttoken":"yes"}""", "not true or false")]
    [InlineData("1_Pooling/config.json", """{"pooling_mode":{}}""", "not a string")]
    [InlineData("config_sentence_transformers.json", """{"prompts":["query"]}""", "not an object")]
    [InlineData("config_sentence_transformers.json", """{"prompts":{"query":"\ud800"}}""", "not a string")]
    public void A_broken_or_hostile_file_is_named(string file, string content, string message)
    {
        Write("1_Pooling/config.json", """{"pooling_mode_lasttoken":true}""");
        Write(file, content);

        var error = Assert.Throws<InvalidModelException>(Read);
        Assert.Contains(message, error.Message);
        Assert.Contains(file, error.Message);
    }

    [Fact]
    public void A_list_without_end_is_refused()
    {
        Write("modules.json", $"[{string.Join(',', Enumerable.Repeat("{}", 33))}]");
        Assert.Contains("at most 32", Assert.Throws<InvalidModelException>(Read).Message);
        Write("modules.json", new string('[', 100_000));
        Assert.Throws<InvalidModelException>(Read);
        Write("modules.json", "[" + new string(' ', 2 << 20) + "]");
        Assert.Contains("not believable", Assert.Throws<InvalidModelException>(Read).Message);
    }

    [Theory]
    [InlineData(1u, PoolingKind.Mean)]
    [InlineData(3u, PoolingKind.Last)]
    [InlineData(2u, null)]
    [InlineData(4u, null)]
    public void A_gguf_file_s_pooling_type(uint type, PoolingKind? expected)
    {
        var purpose = ModelPurpose.Read(Gguf(new GgufBytes().String("general.architecture", "qwen3").UInt32("qwen3.pooling_type", type)));

        Assert.Equal((ModelTask.Embedding, expected), (purpose.Task, purpose.Pooling));
        Assert.Equal(expected is null, purpose.Note is not null);
        Assert.Contains($"pooling_type {type}", purpose.DecidedBy);
    }

    [Fact]
    public void A_gguf_file_s_pooling_type_may_be_nonsense()
    {
        var unknown = Gguf(new GgufBytes().String("general.architecture", "qwen3").UInt32("qwen3.pooling_type", 9));
        Assert.Contains("0 to 4", Assert.Throws<InvalidModelException>(() => ModelPurpose.Read(unknown)).Message);
        var text = Gguf(new GgufBytes().String("general.architecture", "qwen3").String("qwen3.pooling_type", "last"));
        Assert.Contains("not an integer", Assert.Throws<InvalidModelException>(() => ModelPurpose.Read(text)).Message);
    }

    [Fact]
    public void The_built_in_model_says_it_by_its_tokenizer_and_the_catalogue_can_tell()
    {
        var model = ModelCatalog.Describe(BuiltInModel.Path).WithPurpose();

        Assert.Equal((ModelTask.Embedding, PoolingKind.Last), (model.Purpose!.Task, model.Purpose.Pooling));
        Assert.Contains("appends an end token", model.Purpose.DecidedBy);
        Assert.Null(ModelCatalog.Describe(BuiltInModel.Path).Purpose);
    }

    [Fact]
    public void A_model_without_any_sign_is_a_language_model()
    {
        foreach (var file in Directory.EnumerateFiles(BuiltInModel.Path, "*.json"))
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)), overwrite: true);
        var tokenizer = Path.Combine(_folder.FullName, "tokenizer.json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(tokenizer))!;
        json["post_processor"] = null;
        File.WriteAllText(tokenizer, json.ToJsonString());

        Assert.Equal(ModelTask.LanguageModel, Read().Task);
        Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");
        Assert.Equal(ModelTask.Embedding, Read().Task);
    }

    private ModelPurpose Read() => ModelPurpose.Read(_folder.FullName);

    private void Write(string file, string content)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private string Gguf(GgufBytes bytes)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        File.WriteAllBytes(path, bytes.Tensor("token_embd.weight", 0, [8], 0).Build());
        return path;
    }
}
