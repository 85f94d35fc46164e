using RtMatching.Core.Storage;
using RtMatching.Server.Security;

namespace RtMatching.Server.Intake;

/// <summary>The Idempotency-Key of a submission (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header).</summary>
internal static class RequestKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Holds the key while the submission is handed in; null where the client sent none.</summary>
    /// <inheritdoc cref="IdempotencyKeys.TakeAsync"/>
    public static async Task<KeyHold?> TakeAsync(
        string? key, IdempotencyKeys keys, Caller caller, string operation, string parameters, CancellationToken cancellation) =>
        key is null ? null : await keys.TakeAsync(caller.Tenant, key, operation, parameters, cancellation);
}
