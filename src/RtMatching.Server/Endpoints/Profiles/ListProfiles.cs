using RtMatching.Core.Storage;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Profiles;

/// <summary><c>GET /v1/profiles</c>: every version of every profile.</summary>
internal static class ListProfiles
{
    /// <param name="Next">Always null: profiles are few, and all of them are here.</param>
    internal sealed record Response(IReadOnlyList<ProfileView> Items, string? Next);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/profiles", HandleAsync)
        .WithName("ListProfiles")
        .WithSummary("Every profile version")
        .WithDescription("How documents are embedded: model, pooling, passes, preparation. Of each profile, rankings use the active version.")
        .WithTags("profiles")
        .Produces<Response>()
        .WithMetadata(new EndpointExample { Response = new Response([ProfileView.Example], null) });

    private static async Task<Response> HandleAsync(ProfileStore profiles, CancellationToken cancellation) =>
        new([.. (await profiles.ListAsync(cancellation)).Select(ProfileView.Of)], null);
}
