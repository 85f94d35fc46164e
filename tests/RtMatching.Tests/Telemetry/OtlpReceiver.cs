using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace RtMatching.Tests.Telemetry;

/// <summary>
/// A collector: takes OTLP over gRPC or HTTP and reads it by the field numbers of opentelemetry-proto
/// (https://github.com/open-telemetry/opentelemetry-proto), independently of the exporter's code.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const string Grpc = "grpc";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Signal, byte[] Message)> _received = new();
    private readonly string _protocol;

    private OtlpReceiver(string protocol)
    {
        _protocol = protocol;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            listen.Protocols = protocol == Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        _app = builder.Build();
        _app.Run(protocol == Grpc ? TakeGrpcAsync : TakeHttpAsync);
    }

    /// <summary>What a process is started with to send here.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.First(), ["OTEL_EXPORTER_OTLP_PROTOCOL"] = _protocol,
        ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=tests",
    };

    public IReadOnlyList<OtlpSpan> Spans => [.. Read("trace", 2).Select(found => OtlpSpan.Of(found.Service, found.Record))];
    public IReadOnlyList<OtlpLog> Logs => [.. Read("logs", 2).Select(found => OtlpLog.Of(found.Service, found.Record))];
    public IReadOnlyList<OtlpPoint> Points => [.. Read("metrics", 2).SelectMany(found => OtlpPoint.Of(found.Service, found.Record))];

    /// <summary>All that came, as it came.</summary>
    public IReadOnlyList<byte[]> Bytes => [.. _received.Select(received => received.Message)];

    /// <param name="protocol">grpc or http/protobuf.</param>
    public static async Task<OtlpReceiver> StartAsync(string protocol)
    {
        var receiver = new OtlpReceiver(protocol);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Resource, then scope, then record stand at the same numbers in the messages of all signals.</summary>
    private IEnumerable<(string Service, ProtoMessage Record)> Read(string signal, int records) =>
        from received in _received
        where received.Signal == signal
        from resource in new ProtoMessage(received.Message).Messages(1)
        let service = OtlpAttributes.Of(resource.Message(1), 1).GetValueOrDefault("service.name", "")
        from record in resource.Messages(2, records)
        select (service, record);

    private async Task TakeHttpAsync(HttpContext context)
    {
        Keep(context.Request.Path.Value switch
        {
            "/v1/traces" => "trace",
            "/v1/metrics" => "metrics",
            "/v1/logs" => "logs",
            var path => throw new InvalidOperationException($"no such path: {path}"),
        }, await BodyAsync(context.Request));
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        context.Response.ContentType = "application/x-protobuf";
    }

    /// <summary>A unary call: one message behind a byte for compression and four for its length; the status comes after the answer.</summary>
    private async Task TakeGrpcAsync(HttpContext context)
    {
        var body = await BodyAsync(context.Request);
        Assert.Equal((0, body.Length - 5), (body[0], BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1))));
        Keep(context.Request.Path.Value!.Split('.')[3], body[5..]);
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private void Keep(string signal, byte[] message) => _received.Enqueue((signal, message));

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

internal static class OtlpAttributes
{
    public static IReadOnlyDictionary<string, string> Of(ProtoMessage message, int field) =>
        message.Messages(field).ToDictionary(pair => pair.Text(1), pair => Value(pair.Message(2)));

    private static string Value(ProtoMessage any) =>
        any.Has(1) ? any.Text(1)
        : any.Has(4) ? any.Real(4).ToString(CultureInfo.InvariantCulture)
        : any.Has(5) ? string.Join(',', any.Message(5).Messages(1).Select(Value))
        : ((long)any.Number(any.Has(3) ? 3 : 2)).ToString(CultureInfo.InvariantCulture);
}

internal sealed record OtlpSpan(string Service, string TraceId, string SpanId, string ParentId, string Name, ulong Status)
{
    public IReadOnlyDictionary<string, string> Attributes { get; private init; } = new Dictionary<string, string>();
    public IReadOnlyList<(string TraceId, string SpanId)> Links { get; private init; } = [];

    public static OtlpSpan Of(string service, ProtoMessage span) =>
        new(service, span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), span.Message(15).Number(3))
        {
            Attributes = OtlpAttributes.Of(span, 9),
            Links = [.. span.Messages(13).Select(link => (link.Hex(1), link.Hex(2)))],
        };
}

internal sealed record OtlpLog(string Service, string TraceId, string Event, string Body)
{
    public static OtlpLog Of(string service, ProtoMessage log) => new(service, log.Hex(9), log.Text(12), log.Message(5).Text(1));
}

/// <param name="Value">Of a sum or gauge; of a histogram the count.</param>
internal sealed record OtlpPoint(string Service, string Name, string Unit, double Value, IReadOnlyDictionary<string, string> Attributes)
{
    public static IEnumerable<OtlpPoint> Of(string service, ProtoMessage metric)
    {
        foreach (var point in metric.Messages(5, 1).Concat(metric.Messages(7, 1)))
            yield return Of(service, metric, point.Has(4) ? point.Real(4) : (long)point.Number(6), OtlpAttributes.Of(point, 7));
        foreach (var point in metric.Messages(9, 1)) yield return Of(service, metric, point.Number(4), OtlpAttributes.Of(point, 9));
    }

    private static OtlpPoint Of(string service, ProtoMessage metric, double value, IReadOnlyDictionary<string, string> attributes) =>
        new(service, metric.Text(1), metric.Text(3), value, attributes);
}
