using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Limits;

/// <summary>Puts the limits where they act: Kestrel, request time, queues before costly work, rates of callers.</summary>
internal static class LimitSetup
{
    /// <summary>Kestrel looks once a second.</summary>
    private const int LeastGraceSeconds = 2;

    public static void AddLimits(this IServiceCollection services, RequestLimits limits)
    {
        services.Configure<KestrelServerOptions>(kestrel => Apply(limits, kestrel));
        services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(limits.RequestSeconds),
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => ProblemAnswers.WriteAsync(context, TookTooLong(limits)),
        });
        services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => OfCaller(context, limits));
            Queue(limiter, RateLimits.Ranking, limits.Rankings, limits.RankingQueue);
            Queue(limiter, RateLimits.Following, limits.Followers, waiting: 0);
            Queue(limiter, RateLimits.Embedding, limits.Embeddings, limits.EmbeddingQueue);
            Queue(limiter, RateLimits.Submission, limits.Submissions, limits.SubmissionQueue);
            limiter.OnRejected = RefuseAsync;
        });
    }

    /// <summary>Before routing, which goes by the method.</summary>
    public static void UseRequestForm(this IApplicationBuilder app) => app.UseMiddleware<RequestForm>();

    /// <summary>After routing and after the caller is known.</summary>
    public static void UseLimits(this IApplicationBuilder app)
    {
        app.UseMiddleware<BodyLimit>();
        app.UseRequestTimeouts();   // Before the queues, so that waiting in one counts.
        app.UseRateLimiter();
    }

    private static void Apply(RequestLimits limits, KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = limits.JsonBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.HeaderSeconds);
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BodyBytesPerSecond, TimeSpan.FromSeconds(Math.Max(LeastGraceSeconds, limits.BodyGraceSeconds)));
    }

    private static ProblemException TookTooLong(RequestLimits limits) => new(
        StatusCodes.Status504GatewayTimeout, "It took too long.",
        $"The answer was not ready within {limits.RequestSeconds} seconds. Ask for less at once, or use a bulk ranking or an ingestion, which run on without you.");

    private static RateLimitPartition<string> OfCaller(HttpContext context, RequestLimits limits)
    {
        // Without a key, the address it comes from: on loopback all are one caller.
        var caller = context.Features.Get<Caller>()?.KeyId is { } key
            ? string.Create(CultureInfo.InvariantCulture, $"key {key}")
            : context.Connection.RemoteIpAddress?.ToString() ?? "";
        return RateLimitPartition.GetTokenBucketLimiter(caller, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = limits.RequestBurst,
            TokensPerPeriod = limits.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
    }

    private static void Queue(RateLimiterOptions limiter, string name, int atOnce, int waiting) => limiter.AddConcurrencyLimiter(name, options =>
    {
        (options.PermitLimit, options.QueueLimit) = (atOnce, waiting);
        options.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
    });

    private static async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellation)
    {
        // Only a rate knows when it allows the next request; a full queue does not know when it will be shorter.
        var isRate = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        await ProblemAnswers.WriteAsync(rejected.HttpContext, isRate
            ? new ProblemException(StatusCodes.Status429TooManyRequests, "Too many requests.", "Wait as long as Retry-After says, and ask less often.") { RetryAfter = wait }
            : new ProblemException(StatusCodes.Status503ServiceUnavailable, "Too busy.", "As many requests of this kind wait already as may. Wait as long as Retry-After says, and send fewer at once.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            });
    }

    /// <summary>Sets the largest body that the endpoint takes, before anything reads it.</summary>
    private sealed class BodyLimit(RequestDelegate next, ServerOptions options)
    {
        public Task InvokeAsync(HttpContext context)
        {
            var kind = context.GetEndpoint()?.Metadata.OfType<BodyKind>().LastOrDefault() ?? BodyKind.Json;
            if (kind != BodyKind.Json && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                size.MaxRequestBodySize = kind == BodyKind.Document ? options.Limits.DocumentBytes : options.Limits.IngestionBytes;
            return next(context);
        }
    }
}
