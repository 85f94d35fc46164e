using OpenTelemetry.Exporter;

namespace RtMatching.Core.Telemetry;

/// <summary>
/// The variables of one signal, <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c> and so on, which go before the general ones. The exporter reads
/// the general ones itself. See https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
/// </summary>
internal sealed class OtlpSignal
{
    private readonly string _name;

    private OtlpSignal(string name) => _name = name;

    /// <summary>Null where nobody asked for the signal, or it was turned off.</summary>
    /// <param name="name">TRACES, METRICS or LOGS.</param>
    public static OtlpSignal? Find(string name, Action<string> say)
    {
        if (string.Equals(Variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)) return null;
        if (Variable($"OTEL_{name}_EXPORTER") == "none") return null;
        var variable = Variable($"OTEL_EXPORTER_OTLP_{name}_ENDPOINT") is null ? "OTEL_EXPORTER_OTLP_ENDPOINT" : $"OTEL_EXPORTER_OTLP_{name}_ENDPOINT";
        if (Variable(variable) is not { } endpoint) return null;
        if (Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") return new OtlpSignal(name);
        say($"{variable} is no address, so no {name.ToLowerInvariant()} are sent: write for example http://localhost:4317");
        return null;
    }

    public void Configure(OtlpExporterOptions options)
    {
        if (Own("PROTOCOL") is { } protocol) options.Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        if (Own("ENDPOINT") is { } endpoint) options.Endpoint = new Uri(endpoint);
        if (Own("HEADERS") is { } headers) options.Headers = headers;
        if (int.TryParse(Own("TIMEOUT"), out var timeout)) options.TimeoutMilliseconds = timeout;
    }

    private string? Own(string setting) => Variable($"OTEL_EXPORTER_OTLP_{_name}_{setting}");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
