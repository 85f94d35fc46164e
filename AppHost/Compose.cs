using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace RtMatching.AppHost;

/// <summary>What the compose publisher leaves out of the model, put back.</summary>
internal static class Compose
{
    private const string Always = "unless-stopped";

    public static void CheckHealth(Service service, string command)
    {
        service.Restart = Always;
        service.Healthcheck = new Healthcheck { Test = ["CMD-SHELL", command], Interval = "5s", Timeout = "3s", Retries = 20, StartPeriod = "10s" };
    }

    /// <summary>The publisher waits until what is waited for has started, whatever the model says.</summary>
    public static void WaitForHealth(Service service)
    {
        service.Restart = Always;
        foreach (var dependency in service.DependsOn.Values) dependency.Condition = "service_healthy";
    }
}
