using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

/// <summary>One parser for all tests of documents: what one hostile file does to it, the next test would see.</summary>
public sealed class ParserFixture : IAsyncLifetime
{
    public DocumentParser Parser { get; } = new();

    public static bool HasPoppler { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "pdftotext")));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Parser.DisposeAsync();

    /// <summary>The text of a document that must be ok.</summary>
    internal async Task<string> TextOfAsync(byte[] bytes, DocumentFormat format)
    {
        var document = await Parser.ParseAsync(bytes);
        Assert.Equal((DocumentOutcome.Ok, null), (document.Outcome, document.Detail));
        Assert.Equal(format, document.Format);
        return document.Text;
    }
}

[CollectionDefinition("parser")]
public sealed class ParserTests : ICollectionFixture<ParserFixture>;
