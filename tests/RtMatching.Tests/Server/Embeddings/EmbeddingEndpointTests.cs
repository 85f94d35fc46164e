using System.Net;
using System.Net.Sockets;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Security;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Server;

namespace RtMatching.Tests.Server.Embeddings;

public sealed class EmbeddingEndpointTests(EmbeddingEndpointTests.EmbeddingServer fixture) : IClassFixture<EmbeddingEndpointTests.EmbeddingServer>
{
    private static readonly string[] Texts = ["Baked bread and pastry daily", "a much longer text about the records of food safety that a cook kept for years", "cook"];

    private readonly ServerHost _server = fixture.Server;

    public sealed class EmbeddingServer : IAsyncLifetime
    {
        internal ServerHost Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }

    [Fact]
    public async Task Base64_holds_the_bits_of_the_floats()
    {
        var floats = await EmbedAsync(new { model = "rt-mini", input = Texts, encoding_format = "float" });
        var base64 = await EmbedAsync(new { model = "rt-mini", input = Texts, encoding_format = "base64" });
        for (var i = 0; i < Texts.Length; i++)
        {
            var bytes = base64[i].GetProperty("embedding").GetBytesFromBase64();
            Assert.Equal(Vector(floats[i]), MemoryMarshal.Cast<byte, float>(bytes).ToArray());
            Assert.Equal(i, base64[i].GetProperty("index").GetInt32());
        }
    }

    [Fact]
    public async Task A_batch_gives_what_each_text_gives_alone_and_what_the_model_gives()
    {
        var batch = await EmbedAsync(new { input = Texts, iterations = 3, dimensions = 64 });
        using var model = LanguageModel.Load(null);
        var expected = new TextEmbedder(model).Embed(Texts, new EmbeddingOptions { Iterations = 3, Dimension = 64 });
        for (var i = 0; i < Texts.Length; i++)
        {
            var alone = await EmbedAsync(new { input = Texts[i], iterations = 3, dimensions = 64 });
            Assert.True(TensorPrimitives.CosineSimilarity<float>(Vector(batch[i]), Vector(alone[0])) > 0.99999);
            Assert.True(TensorPrimitives.CosineSimilarity<float>(Vector(batch[i]), expected[i].Vector) > 0.99999);
            Assert.Equal(expected[i].Tokens, batch[i].GetProperty("tokens").GetInt32());
        }
    }

    [Fact]
    public async Task The_answer_has_the_form_of_OpenAI()
    {
        var answer = await _server.PostAsync("/v1/embeddings", new { model = "rt-mini", input = Texts, user = "me", some_new_field = new { x = 1 } });
        Assert.Equal(("list", "rt-mini"), (answer.GetProperty("object").GetString(), answer.GetProperty("model").GetString()));
        Assert.All(answer.GetProperty("data").EnumerateArray(), item => Assert.Equal("embedding", item.GetProperty("object").GetString()));
        var usage = answer.GetProperty("usage");
        Assert.Equal(answer.GetProperty("data").EnumerateArray().Sum(item => item.GetProperty("tokens").GetInt32()), usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());

        var models = await _server.GetAsync("/v1/models");
        Assert.Contains(models.GetProperty("data").EnumerateArray(), model => model.GetProperty("id").GetString() == "rt-mini");
        Assert.Equal("model", (await _server.GetAsync("/v1/models/rt-mini")).GetProperty("object").GetString());
        Assert.Equal("not_found", (await _server.GetAsync("/v1/models/none", HttpStatusCode.NotFound)).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Pooling_and_instruction_change_the_vector_and_a_cut_text_says_so()
    {
        var plain = Vector((await EmbedAsync(new { input = "cook" }))[0]);
        Assert.NotEqual(plain, Vector((await EmbedAsync(new { input = "cook", pooling = "prompt_eol" }))[0]));
        Assert.NotEqual(plain, Vector((await EmbedAsync(new { input = "cook", instruction = "find CVs" }))[0]));
        var cut = (await EmbedAsync(new { input = string.Join(' ', Enumerable.Repeat("cooking", 3000)) }))[0];
        Assert.True(cut.GetProperty("truncated").GetBoolean());
        Assert.False((await EmbedAsync(new { input = "cook" }))[0].TryGetProperty("truncated", out _));
    }

    [Theory]
    [InlineData("{\"input\":[1,2,3]}", 400, "token ids")]
    [InlineData("{\"input\":[[1,2],[3]]}", 400, "token ids")]
    [InlineData("{\"input\":[]}", 400, "1 to 2,048")]
    [InlineData("{\"input\":\"\"}", 400, "empty")]
    [InlineData("{\"input\":[\"a\",null]}", 400, "input")]
    [InlineData("{\"input\":\"\\ud800\"}", 400, "surrogate")]
    [InlineData("{}", 400, "input")]
    [InlineData("{\"input\":\"a\",\"encoding_format\":\"hex\"}", 400, "float, base64")]
    [InlineData("{\"input\":\"a\",\"dimensions\":100000}", 400, "imension")]
    [InlineData("{\"input\":\"a\",\"dimensions\":0}", 400, "imension")]
    [InlineData("{\"input\":\"a\",\"iterations\":1000000000}", 400, "64")]
    [InlineData("{\"input\":\"a\",\"pooling\":\"mean\",\"iterations\":2}", 400, "mean")]
    [InlineData("{\"input\":\"a\",\"pooling\":\"median\"}", 400, "prompt_eol")]
    [InlineData("{\"input\":\"a\",\"model\":\"/etc/passwd\"}", 404, "models")]
    [InlineData("{\"input\":\"a\",\"model\":\"gpt\"}", 404, "models")]
    [InlineData("{\"input\":", 400, "JSON")]
    public async Task What_is_refused_is_told_where_OpenAIs_clients_look(string body, int status, string named)
    {
        using var response = await _server.Client.PostAsync("/v1/embeddings", new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await ServerHost.JsonAsync(response, (HttpStatusCode)status);
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var error = problem.GetProperty("error");
        Assert.Equal((problem.GetProperty("detail").GetString(), "invalid_request_error"), (error.GetProperty("message").GetString(), error.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Too_much_at_once_is_refused()
    {
        await _server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat("a", 2049) }, HttpStatusCode.BadRequest);
        await _server.PostAsync("/v1/embeddings", new { input = new string('a', 200_001) }, HttpStatusCode.RequestEntityTooLarge);
        var problem = await _server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(new string('a', 190_000), 50) }, HttpStatusCode.RequestEntityTooLarge);
        Assert.NotEmpty(problem.GetProperty("error").GetProperty("message").GetString()!);
    }

    /// <summary>The bytes that openai 6.49.0 (npm) sent for <c>embeddings.create({ model, input: [two texts] })</c>, headers and body.</summary>
    [Fact]
    public async Task A_recorded_request_of_the_openai_client_is_answered()
    {
        await using (var key = _server.Test.Source.CreateCommand("insert into api_keys (name, prefix, hash) values ('recorded', 'rtm_', $1)"))
        {
            key.Parameters.AddWithValue(ApiKeyText.Hash("rtm_" + new string('A', 43)));     // what it was recorded with
            await key.ExecuteNonQueryAsync();
        }

        var request = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Golden", "openai", "embeddings-request.http"));
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Client.BaseAddress!.Host, _server.Client.BaseAddress.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(request);
        var data = JsonDocument.Parse(await BodyAsync(stream)).RootElement.GetProperty("data");
        var expected = await EmbedAsync(new { model = "rt-mini", input = (string[])["Baked bread and pastry daily", "Führte das Café, 負責公司"] });
        for (var i = 0; i < 2; i++)
            Assert.True(TensorPrimitives.CosineSimilarity<float>(Vector(expected[i]), MemoryMarshal.Cast<byte, float>(data[i].GetProperty("embedding").GetBytesFromBase64())) > 0.99999);
    }

    /// <summary>The JSON object of an answer whose connection stays open, chunked or not.</summary>
    private static async Task<string> BodyAsync(Stream stream)
    {
        var received = new List<byte>();
        var buffer = new byte[1 << 16];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var read = await stream.ReadAsync(buffer, patience.Token);
            received.AddRange(buffer.AsSpan(0, read));
            var text = Encoding.UTF8.GetString([.. received]);
            Assert.StartsWith("HTTP/1.1 200", text, StringComparison.Ordinal);
            if (text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) || read == 0) return Dechunked(text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        }
    }

    private static string Dechunked(string chunks)
    {
        var body = new StringBuilder();
        for (var at = 0; ;)
        {
            var line = chunks.IndexOf("\r\n", at, StringComparison.Ordinal);
            var length = Convert.ToInt32(chunks[at..line], 16);
            if (length == 0) return body.ToString();
            body.Append(chunks, line + 2, length);      // the answer is ASCII: a byte is a character
            at = line + 2 + length + 2;
        }
    }

    private async Task<List<JsonElement>> EmbedAsync(object body) => [.. (await _server.PostAsync("/v1/embeddings", body)).GetProperty("data").EnumerateArray()];

    private static float[] Vector(JsonElement item) => [.. item.GetProperty("embedding").EnumerateArray().Select(x => x.GetSingle())];
}
