using System.Buffers.Text;
using System.Security.Cryptography;
using Aspire.Hosting.Publishing;

namespace RtMatching.AppHost;

/// <summary>The key that the dashboard's commands use: the silos make it known in the database when they start.</summary>
internal static class ApiKeySetup
{
    /// <summary>On a developer's machine made up once and kept in this project's user secrets; a deployment gives its own.</summary>
    public static IResourceBuilder<ParameterResource> AddApiKey(this IDistributedApplicationBuilder builder) => builder.ExecutionContext.IsRunMode
        ? builder.AddParameter("api-key", new NewKey(), secret: true, persist: true)
        : builder.AddParameter("api-key", secret: true);

    /// <summary>In the form of <c>rtmatch keys create</c>.</summary>
    private sealed class NewKey : ParameterDefault
    {
        private const int RandomBytes = 32;

        public override string GetDefaultValue() => "rtm_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

        /// <summary>Nothing that is published makes keys.</summary>
        public override void WriteToManifest(ManifestPublishingContext context)
        {
        }
    }
}
