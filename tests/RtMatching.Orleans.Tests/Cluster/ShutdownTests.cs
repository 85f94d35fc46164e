using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using RtMatching.Orleans.Tests.Synthetic;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

public class ShutdownTests
{
    [Fact]
    public async Task A_request_in_flight_is_answered_while_the_silo_stops()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, "--name", "stopping");
        using var request = await SlowRequest.BeginAsync(silo.Address);

        silo.Terminate();
        await RefusedAsync(silo);       // nobody else is let in any more
        Assert.False(silo.HasEnded, silo.Output);
        Assert.Matches("^HTTP/1.1 2", await request.FinishAsync());
        Assert.Equal(0, await silo.EndAsync());
        Assert.Equal(ClusterView.Dead, (await new ClusterView(test.Source).StatusAsync())["stopping"]);
    }

    [Fact]
    public async Task A_request_that_never_ends_keeps_no_silo_from_leaving_in_time()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "stopping", "--shutdown-time", "4");
        using var request = await SlowRequest.BeginAsync(silo.Address);

        var stopping = Stopwatch.StartNew();
        silo.Terminate();
        Assert.Equal(0, await silo.EndAsync());
        Assert.InRange(stopping.Elapsed.TotalSeconds, 4, 4 + 8 + 2);
        Assert.Equal(ClusterView.Dead, (await new ClusterView(test.Source).StatusAsync())["stopping"]);
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none");
        silo.Terminate();
        await Task.Delay(300);
        var second = Stopwatch.StartNew();
        silo.Terminate();
        Assert.Equal(130, await silo.EndAsync());
        Assert.True(second.Elapsed < TimeSpan.FromSeconds(2), $"took {second.Elapsed}");
    }

    [Fact]
    public async Task A_gpu_that_is_lost_to_the_process_ends_it_and_says_so()
    {
        await using var test = await TestDatabase.CreateAsync();
        var failure = Path.GetTempFileName();
        try
        {
            File.WriteAllText(failure, "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be reported later");
            var environment = new Dictionary<string, string> { [WaitingModel.PaceVariable] = "1", [WaitingModel.FailureVariable] = failure };
            await using var silo = await SiloProcess.StartAsync(test.ConnectionString, environment, "--name", "lost");
            Assert.Equal(1, await silo.EndAsync());
            Assert.Contains("rtmatch-silo: cuda:0 has failed for this process: CUDA error: an illegal memory access", silo.Output, StringComparison.Ordinal);
            Assert.Equal(ClusterView.Dead, (await new ClusterView(test.Source).StatusAsync())["lost"]);
        }
        finally
        {
            File.Delete(failure);
        }
    }

    private static async Task RefusedAsync(SiloProcess silo)
    {
        using var stranger = new HttpClient();
        stranger.DefaultRequestHeaders.ConnectionClose = true;
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(15); await Task.Delay(100))
        {
            try
            {
                using var health = await stranger.GetAsync($"{silo.Address}/health");
            }
            catch (HttpRequestException)
            {
                return;
            }
        }

        Assert.Fail($"It still listens.\n{silo.Output}");
    }

    /// <summary>Puts a document whose last byte is sent when the test says so.</summary>
    private sealed class SlowRequest : IDisposable
    {
        private const string Text = "Jane Doe, nurse in Berlin, ten years in intensive care.";

        private readonly TcpClient _connection = new();

        public static async Task<SlowRequest> BeginAsync(string address)
        {
            var (request, url) = (new SlowRequest(), new Uri(address));
            await request._connection.ConnectAsync(url.Host, url.Port);
            await request.SendAsync(
                $"PUT /v1/documents?external_id=slow.txt&source=tests HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: text/plain\r\n" +
                $"Content-Length: {Text.Length}\r\nConnection: close\r\n\r\n{Text[..^1]}");
            await Task.Delay(TimeSpan.FromSeconds(1));      // until it has been taken up
            return request;
        }

        /// <summary>The answer.</summary>
        public async Task<string> FinishAsync()
        {
            await SendAsync(Text[^1..]);
            using var reader = new StreamReader(_connection.GetStream());
            return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        private async Task SendAsync(string text) => await _connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

        public void Dispose() => _connection.Dispose();
    }
}
