using System.Net;
using RtMatching.Core.Ingestion;
using RtMatching.Server;
using RtMatching.Server.Commands;

namespace RtMatching.Tests.Server;

public class StartTests
{
    [Fact]
    public async Task An_unknown_path_is_told_as_a_problem()
    {
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 });
        using var response = await server.Client.GetAsync("/v1/nothing");
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("none", (IngestionStages)0, true)]
    [InlineData("parse", IngestionStages.Parse, true)]
    [InlineData("parse,embed", IngestionStages.All, true)]
    [InlineData("parse,nothing", IngestionStages.Parse, false)]
    [InlineData("", (IngestionStages)0, false)]
    public void Work_is_named_by_stages(string text, IngestionStages stages, bool valid)
    {
        Assert.Equal(valid, HostSettings.TryParseWork(text, out var parsed));
        if (valid) Assert.Equal(stages, parsed);
    }
}
