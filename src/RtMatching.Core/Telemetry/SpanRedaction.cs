using System.Diagnostics;
using OpenTelemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>
/// Takes out of the framework's spans what may name a person: paths and queries of addresses (<c>external_id=jane-doe.pdf</c>) and
/// descriptions of errors. The route, with its placeholders, stays.
/// </summary>
internal sealed class SpanRedaction : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        data.SetTag("url.query", null);
        data.SetTag("url.path", null);
        if (data.GetTagItem("url.full") is string full)
            data.SetTag("url.full", Uri.TryCreate(full, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : null);
        if (data.StatusDescription is not null) data.SetStatus(data.Status);
    }
}
