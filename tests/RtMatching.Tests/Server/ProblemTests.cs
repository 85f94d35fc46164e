using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using RtMatching.Server;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Tests.Server.Rankings;

namespace RtMatching.Tests.Server;

public class ProblemTests
{
    public static TheoryData<Exception, int, string> Told() => new()
    {
        { new ArgumentException("top is 0; it must be at least 1.", "top"), 400, "top is 0; it must be at least 1." },
        { new KeyNotFoundException("There is no document 7."), 404, "There is no document 7." },
        { new BadHttpRequestException("Required parameter \"string externalId\" was not provided from query string."), 400, "'external_id' is missing" },
        { new BadHttpRequestException("Failed to bind parameter \"Nullable<int> limit\" from \"Jane Doe\"."), 400, "'limit' has a value" },
        { new BadHttpRequestException("too large", 413), 413, "larger" },
        { new BadHttpRequestException("slow", 408), 408, "stopped arriving" },
        { new BadHttpRequestException("json", 400, new JsonException("Jane Doe", "$.filter.tags[2]", 4, 2)), 400, "$.filter.tags[2], line 5" },
        { new PostgresException("bad byte", "ERROR", "ERROR", "22021"), 400, "NUL" },
        { new PostgresException("no more connections", "FATAL", "FATAL", "53300"), 503, "Try again" },
        { new PostgresException("violates Jane Doe", "ERROR", "ERROR", "23505"), 500, "trace_id" },
        { new NpgsqlException("refused"), 503, "Try again" },
        { new InvalidOperationException("Jane Doe"), 500, "trace_id" },
    };

    [Theory]
    [MemberData(nameof(Told))]
    public void Whatever_goes_wrong_has_its_status_and_a_remedy(Exception exception, int status, string detail)
    {
        var problem = Problems.Of(exception);
        Assert.Equal(status, problem.Status);
        Assert.Contains(detail, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Jane Doe", problem.Message, StringComparison.Ordinal);
        Assert.Equal(status == 503, problem.RetryAfter is not null);
    }

    [Fact]
    public async Task A_fault_is_logged_once_and_its_cause_is_not_told()
    {
        var lines = new Lines();
        WordsBackend? backend = null;
        await using var server = await ServerHost.StartAsync(new ServerOptions { Work = 0 }, services: test => services =>
        {
            services.AddSingleton<IMatchingBackend>(backend = new WordsBackend(test.Database));
            services.AddSingleton<ILoggerProvider>(lines);
        });
        backend!.Before = _ => throw new InvalidOperationException("something secret");
        using var response = await server.Client.PostAsJsonAsync("/v1/rankings/candidates?name=Jane", new { text = "Jane Doe", profile = "test" });
        var problem = await ServerHost.JsonAsync(response, HttpStatusCode.InternalServerError);
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
        var errors = lines.Where(line => line.Level >= LogLevel.Error).ToList();
        Assert.Contains("/v1/rankings/candidates is answered 500", Assert.Single(errors).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Text.Contains("Jane", StringComparison.Ordinal));
    }

    private sealed class Lines : ConcurrentQueue<(LogLevel Level, string Text)>, ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string category) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format) =>
            Enqueue((level, format(state, exception)));

        public void Dispose()
        {
        }
    }
}
