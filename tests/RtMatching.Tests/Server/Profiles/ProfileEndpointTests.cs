using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using RtMatching.Core.Storage;
using RtMatching.Server;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Server.Profiles;

public sealed class ProfileEndpointTests(ProfileEndpointTests.EmptyServer fixture) : IClassFixture<ProfileEndpointTests.EmptyServer>
{
    public sealed class EmptyServer : IAsyncLifetime
    {
        internal ServerHost Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }

    [Fact]
    public async Task A_first_version_serves_at_once_a_further_one_says_what_is_left_to_do()
    {
        var server = fixture.Server;
        await server.GetAsync("/v1/profiles/jd2cv", HttpStatusCode.NotFound);

        var first = await PutAsync(server, "jd2cv", new { model = "rt-mini", iterations = 3, stop = new { threshold = 0.03, rule = "change" }, job_instruction = "Find CVs" });
        var profile = first.GetProperty("profile");
        Assert.Equal("change", profile.GetProperty("stop").GetProperty("rule").GetString());
        Assert.Equal(0.03f, profile.GetProperty("stop").GetProperty("threshold").GetSingle());
        Assert.Equal((1, true, 3, "rt-mini", "Find CVs"), (profile.GetProperty("version").GetInt32(), profile.GetProperty("active").GetBoolean(),
            profile.GetProperty("iterations").GetInt32(), profile.GetProperty("model").GetString(), profile.GetProperty("job_instruction").GetString()));
        Assert.Equal(JsonValueKind.Null, first.GetProperty("note").ValueKind);

        var stored = await new ProfileStore(server.Test.Database).FindActiveAsync("jd2cv");
        await new VectorStore(server.Test.Database, stored!).BuildIndexesAsync();
        await FillAsync(server, stored!.Id, stored.Profile.Dimension);
        var second = await PutAsync(server, "jd2cv", new { job_instruction = "", redact = false, stop = new { rule = "none" } });
        Assert.False(second.GetProperty("profile").GetProperty("active").GetBoolean());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("profile").GetProperty("stop").ValueKind);
        Assert.Equal((2, 3, JsonValueKind.Null), (second.GetProperty("profile").GetProperty("version").GetInt32(),
            second.GetProperty("profile").GetProperty("iterations").GetInt32(), second.GetProperty("profile").GetProperty("job_instruction").ValueKind));
        Assert.Contains("reembed", second.GetProperty("note").GetString(), StringComparison.Ordinal);

        var shown = await server.GetAsync("/v1/profiles/jd2cv");
        Assert.Equal((1, 2), (shown.GetProperty("active_version").GetInt32(), shown.GetProperty("versions").GetArrayLength()));
        Assert.DoesNotContain(AppContext.BaseDirectory, (await server.GetAsync("/v1/profiles")).GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("never", "{\"iteration\":3}", 400, "iteration")]
    [InlineData("never", "{\"iterations\":0}", 400, "iterations")]
    [InlineData("never", "{\"iterations\":1000000000}", 400, "64")]
    [InlineData("never", "{\"pooling\":\"median\"}", 400, "prompt_eol")]
    [InlineData("never", "{\"iterations\":4,\"stop\":\"change:0.03\"}", 400, "stop")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"threshold\":0.03}}", 400, "second_change")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"rule\":\"sometimes\"}}", 400, "second_change")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"rule\":\"change\",\"threshold\":-1}}", 400, "threshold")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"rule\":\"change\"}}", 400, "threshold")]
    [InlineData("never", "{\"iterations\":1,\"stop\":{\"rule\":\"change\",\"threshold\":0.03}}", 400, "iterations")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"rule\":\"learned\"}}", 400, "stop")]
    [InlineData("never", "{\"iterations\":4,\"stop\":{\"rule\":\"learned\",\"epsilon\":0.1,\"earliest\":1,\"margin\":1,\"stages\":[]}}", 400, "stages")]
    [InlineData("never", "{\"pooling\":\"mean\",\"iterations\":2}", 400, "mean")]
    [InlineData("never", "{\"dimension\":100000}", 400, "imension")]
    [InlineData("never", "{\"refined\":\"nobody\"}", 400, "document")]
    [InlineData("never", "{\"memory\":{\"head\":\"first\"}}", 400, "memory.head")]
    [InlineData("never", "{\"memory\":{\"head\":\"99\"}}", 400, "query heads 0 to")]
    [InlineData("never", "{\"memory\":{\"scale\":\"loud\"}}", 400, "learned_map")]
    [InlineData("never", "{\"memory\":{\"map\":\"/etc/passwd\"}}", 400, "map")]
    [InlineData("never", "{\"iterations\":2,\"memory\":{\"scale\":\"learned_map\"}}", 400, "rtmatch memory fit")]
    [InlineData("never", "{\"max_tokens\":1}", 400, "max_tokens")]
    [InlineData("never", "{\"later_parts\":-0.1}", 400, "from 0")]
    [InlineData("never", "{\"layers\":\"4..2\"}", 400, "A..B")]
    [InlineData("never", "{\"pooling\":\"va\",\"iterations\":1,\"layers\":\"0..99\"}", 400, "the model has 0..3")]
    [InlineData("never", "{\"pooling\":\"meta_eol\",\"iterations\":2}", 400, "meta-eol")]
    [InlineData("never", "{\"model\":\"/etc\"}", 404, "models")]
    [InlineData("never", "{\"model\":\"models/rt-mini\"}", 404, "models")]
    [InlineData("a%20b", "{}", 400, "name")]
    [InlineData("..%2F..%2Fetc", "{}", 400, "name")]
    public async Task What_cannot_be_stored_is_told_and_nothing_is_stored(string name, string body, int status, string named)
    {
        var server = fixture.Server;
        using var response = await server.Client.PutAsync($"/v1/profiles/{name}", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var problem = await ServerHost.JsonAsync(response, (HttpStatusCode)status);
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await server.Test.CountAsync("select count(*) from profiles where name <> 'jd2cv'"));
    }

    [Fact]
    public async Task Refined_side_and_memory_are_stored_and_shown()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        await PutAsync(server, "m", new { iterations = 3, refined = "query", memory = new { head = "2", states = "pre_norm" } });

        var profile = (await PutAsync(server, "m", new { memory = new { over = "text", scale = "embedding_norm" } })).GetProperty("profile");

        Assert.Equal("query", profile.GetProperty("refined").GetString());
        Assert.Equal("""{"head":"2","states":"pre_norm","over":"text","scale":"embedding_norm","map_hash":null}""", profile.GetProperty("memory").GetRawText());
        var back = await PutAsync(server, "m", new { refined = "both", memory = new { head = "mean", states = "final_norm", over = "all", scale = "as_is" } });
        Assert.Equal("mean", back.GetProperty("profile").GetProperty("memory").GetProperty("head").GetString());
    }

    private static async Task<JsonElement> PutAsync(ServerHost server, string name, object body)
    {
        using var response = await server.Client.PutAsJsonAsync($"/v1/profiles/{name}", body);
        return await ServerHost.JsonAsync(response);
    }

    private static async Task FillAsync(ServerHost server, long version, int dimension)
    {
        await using var command = server.Test.Source.CreateCommand(
            $"insert into vectors_{version} (tenant, kind, content_hash, embedding) values ('default', 'cv', $1, $2::real[]::halfvec({dimension}))");
        command.Parameters.AddWithValue(StoredDocuments.Hash("x"));
        command.Parameters.AddWithValue(Enumerable.Repeat(1f, dimension).ToArray());
        await command.ExecuteNonQueryAsync();
    }
}
