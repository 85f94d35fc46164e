using RtMatching.Core.Storage;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Profiles;

/// <summary><c>GET /v1/profiles/{name}</c>: every version of one profile.</summary>
internal static class ShowProfile
{
    /// <param name="ActiveVersion">The one that rankings use.</param>
    /// <param name="Versions">The oldest first.</param>
    internal sealed record Response(string Name, int? ActiveVersion, IReadOnlyList<ProfileView> Versions);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/profiles/{name}", HandleAsync)
        .WithName("GetProfile")
        .WithSummary("One profile with its versions")
        .WithDescription("Every version of the profile, the oldest first.")
        .WithTags("profiles")
        .Produces<Response>()
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample
        {
            Response = new Response("jd2cv", 1, [ProfileView.Example]), Parameters = new Dictionary<string, object> { ["name"] = "jd2cv" },
        });

    private static async Task<Response> HandleAsync(string name, ProfileStore profiles, CancellationToken cancellation)
    {
        var versions = (await profiles.ListAsync(cancellation)).Where(version => version.Profile.Name == name).Select(ProfileView.Of).ToList();
        if (versions.Count == 0) throw ProblemException.NotFound("There is no profile of this name; GET /v1/profiles lists those there are.");
        return new Response(name, versions.SingleOrDefault(version => version.Active)?.Version, versions);
    }
}
