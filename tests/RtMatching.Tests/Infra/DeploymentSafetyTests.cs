using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RtMatching.Tests.Infra;

/// <summary>What is deployed holds no secret, runs as nobody special, and is built from what it says.</summary>
public sealed partial class DeploymentSafetyTests
{
    private static readonly string Dockerfile = InfraFiles.Text("infra/docker/Dockerfile");

    private static readonly IReadOnlyList<Workload> Everything = [.. Workload.OfCompose(), .. Workload.OfKubernetes()];

    [Fact]
    public void No_secret_is_written_down()
    {
        foreach (var (workload, name, value) in Everything
                 .SelectMany(workload => workload.Environment.Select(pair => (workload.Name, pair.Key, pair.Value))))
        {
            if (name.EndsWith("_FILE", StringComparison.Ordinal)) Assert.StartsWith("/run/secrets/", value, StringComparison.Ordinal);
            else Assert.False(SecretName().IsMatch(name), $"{workload}: {name} has a value; let it come from a file");
            if (name.StartsWith("ConnectionStrings__", StringComparison.Ordinal))
                Assert.Matches("Passfile=/run/secrets/(owner|writer).pgpass$", value!);
        }

        Assert.DoesNotContain("Password=", Dockerfile, StringComparison.OrdinalIgnoreCase);
        var secret = InfraFiles.Yaml("infra/kubernetes/secret.example.yaml").Single()["stringData"]!.AsObject();
        Assert.All(secret, pair => Assert.Matches("^(postgres:5432:\\*:rtmatch_[a-z]+:)?PASSWORD$", (string)pair.Value!));
        Assert.Contains("infra/secrets/", InfraFiles.Text(".gitignore").Split('\n'));
    }

    [Fact]
    public void The_program_connects_as_the_writer_and_only_migrations_as_the_owner() => Assert.All(
        Everything.Where(workload => workload.Environment.ContainsKey("ConnectionStrings__rtmatch")),
        workload => Assert.Contains(workload.Name is "migrate" or "owner"
                ? "Username=rtmatch_owner;Passfile=/run/secrets/owner.pgpass"
                : "Username=rtmatch_writer;Passfile=/run/secrets/writer.pgpass",
            workload.Environment["ConnectionStrings__rtmatch"], StringComparison.Ordinal));

    [Fact]
    public void Each_is_given_only_the_secrets_it_needs()
    {
        foreach (var workload in Workload.OfCompose().Where(workload => workload.Environment.ContainsKey("ConnectionStrings__rtmatch")))
            Assert.EndsWith(
                $"/{(string)workload.Container["secrets"]!.AsArray().Single()!}",
                workload.Environment["ConnectionStrings__rtmatch"], StringComparison.Ordinal);
        foreach (var workload in Workload.OfKubernetes().Where(workload => workload.Environment.ContainsKey("ConnectionStrings__rtmatch")))
        {
            var mounted = (string)workload.Container["volumeMounts"]!.AsArray()
                .Single(mount => (string)mount!["mountPath"]! == "/run/secrets")!["name"]!;
            var volume = workload.Pod!["volumes"]!.AsArray().Single(volume => (string)volume!["name"]! == mounted)!;
            Assert.EndsWith(
                $"/{(string)volume["secret"]!["items"]!.AsArray().Single()!["path"]!}",
                workload.Environment["ConnectionStrings__rtmatch"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nothing_runs_as_root_or_may_become_it()
    {
        foreach (var workload in Workload.OfKubernetes())
        {
            Assert.True((bool)workload.Pod!["securityContext"]!["runAsNonRoot"]!, workload.Name);
            Assert.InRange((int)workload.Pod["securityContext"]!["runAsUser"]!, 1, int.MaxValue);
            Assert.False((bool)workload.Pod["automountServiceAccountToken"]!, workload.Name);
            var own = workload.Container["securityContext"]!;
            Assert.True((bool)own["readOnlyRootFilesystem"]!, workload.Name);
            Assert.False((bool)own["allowPrivilegeEscalation"]!, workload.Name);
            Assert.Equal("""["ALL"]""", own["capabilities"]!["drop"]!.ToJsonString());
        }

        // PostgreSQL's image begins as root, to give its volume to its user.
        foreach (var workload in Workload.OfCompose().Where(workload => workload.Name != "postgres"))
        {
            Assert.Equal("""["ALL"]""", workload.Container["cap_drop"]!.ToJsonString());
            Assert.Contains("no-new-privileges:true", workload.Container["security_opt"]!.ToJsonString(), StringComparison.Ordinal);
            if (workload.Name != "dashboard") Assert.True((bool)workload.Container["read_only"]!, workload.Name);
        }

        Assert.All(Stages().Where(stage => stage.Name is "rtmatch" or "owner"), stage => Assert.Matches("\nUSER [1-9][0-9]*\n", stage.Text));
        Assert.Equal(2, Regex.Count(Dockerfile, "^USER ", RegexOptions.Multiline));
    }

    [Fact]
    public void Images_are_of_a_version()
    {
        var images = Everything.Select(workload => (string)workload.Container["image"]!)
            .Where(image => !image.StartsWith("rtmatching/", StringComparison.Ordinal))
            .Concat(BaseImage().Matches(Dockerfile).Select(match => match.Groups[1].Value)).ToHashSet();
        Assert.All(images, image => Assert.Matches(":[^:/]*[0-9]", image));
        var version = Regex.Match(InfraFiles.Text("Directory.Build.props"), "<Version>(.*)</Version>").Groups[1].Value;
        Assert.All(Workload.OfCompose().Where(workload => workload.Container["build"] is not null),
            workload => Assert.EndsWith(
                $"rtmatching/{workload.Container["build"]!["target"]}:${{RTMATCHING_VERSION:-{version}}}",
                (string)workload.Container["image"]!, StringComparison.Ordinal));
        var tagged = InfraFiles.Kustomization["images"]!.AsArray().ToDictionary(image => (string)image!["name"]!, image => (string)image!["newTag"]!);
        Assert.All(tagged.Values, tag => Assert.Equal(version, tag));
        Assert.Equal(tagged.Keys.Order(), Workload.OfKubernetes().Select(workload => (string)workload.Container["image"]!)
            .Where(image => image.StartsWith("rtmatching/", StringComparison.Ordinal)).Distinct().Order());
        Assert.All(tagged.Keys, image => Assert.Contains(Stages(), stage => $"rtmatching/{stage.Name}" == image));
    }

    [Fact]
    public void The_image_restores_every_project_that_it_builds()
    {
        foreach (var (stage, projects) in new[]
        {
            ("restore", new[] { "RtMatching.Cli", "RtMatching.Server" }), ("restore-silo", ["RtMatching.Silo"]),
        })
        {
            var copied = Stages().Where(found => found.Name == "restore" || found.Name == stage)
                .SelectMany(found => CopiedProject().Matches(found.Text)).Select(match => match.Groups[1].Value).ToHashSet();
            Assert.Subset(copied, projects.SelectMany(WithReferences).ToHashSet());
        }
    }

    [Fact]
    public void The_build_is_given_every_file_that_projects_take_in()
    {
        var given = InfraFiles.Text(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var taken = new[] { "RtMatching.Cli", "RtMatching.Server", "RtMatching.Silo" }.SelectMany(WithReferences).Distinct()
            .SelectMany(project => TakenIn().Matches(InfraFiles.Text($"src/{project}/{project}.csproj")))
            .Select(match => match.Groups[1].Value).ToList();
        Assert.Contains("infra/postgres/grants.sql", taken);
        Assert.All(taken, file => Assert.Contains(given, path => file == path || file.StartsWith(path + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_manifest_is_applied_or_an_example()
    {
        var files = Directory.EnumerateFiles(Path.Combine(InfraFiles.Root, "infra/kubernetes"), "*.yaml").Select(file => Path.GetFileName(file))
            .Where(file => file != "kustomization.yaml" && !file.EndsWith(".example.yaml", StringComparison.Ordinal));
        var listed = InfraFiles.Kustomization["resources"]!.AsArray().Select(resource => (string)resource!)
            .Where(resource => resource != "../postgres");
        Assert.Equal(files.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Secrets_are_made_up_once_and_kept()
    {
        if (OperatingSystem.IsWindows()) return;        // a script for the shell
        var folder = Directory.CreateTempSubdirectory("rtmatch-secrets-").FullName;
        try
        {
            File.Copy(Path.Combine(InfraFiles.Root, "infra/secrets.sh"), Path.Combine(folder, "secrets.sh"));
            var first = Made(folder);
            Assert.Equal(["owner.pgpass", "postgres-password", "reader.pgpass", "writer.pgpass"], first.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(Path.Combine(folder, "secrets")));
            Assert.Matches("^[0-9a-f]{48}\n$", first["postgres-password"]);
            foreach (var role in new[] { "owner", "reader", "writer" })
                Assert.Matches($"^postgres:5432:\\*:rtmatch_{role}:[0-9a-f]{{48}}\n$", first[$"{role}.pgpass"]);
            Assert.Equal(4, first.Values.Select(text => text[^49..]).Distinct().Count());
            Assert.Equal(first, Made(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dictionary<string, string> Made(string folder)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", [Path.Combine(folder, "secrets.sh")]) { RedirectStandardError = true })!;
        var said = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.True(shell.ExitCode == 0, said);
        return Directory.EnumerateFiles(Path.Combine(folder, "secrets")).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
    }

    private static IEnumerable<string> WithReferences(string project) =>
        ProjectReference().Matches(InfraFiles.Text($"src/{project}/{project}.csproj"))
        .SelectMany(match => WithReferences(match.Groups[1].Value)).Prepend(project);

    private static IEnumerable<(string Name, string Text)> Stages() =>
        Stage().Split(Dockerfile).Skip(1).Chunk(2).Select(stage => (stage[0], stage[1]));

    [GeneratedRegex("PASSWORD|SECRET|TOKEN|KEY", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("^FROM .* AS (.*)$", RegexOptions.Multiline)]
    private static partial Regex Stage();

    [GeneratedRegex("^ARG [A-Z]+_IMAGE=(.*)$", RegexOptions.Multiline)]
    private static partial Regex BaseImage();

    [GeneratedRegex(@"^COPY src/[^ ]*\.csproj src/([^/]*)/$", RegexOptions.Multiline)]
    private static partial Regex CopiedProject();

    [GeneratedRegex(@"<(?:EmbeddedResource|Content) Include=""\.\./\.\./([^""]*)""")]
    private static partial Regex TakenIn();

    [GeneratedRegex(@"<ProjectReference Include=""[^""]*/([^/""]*)\.csproj""")]
    private static partial Regex ProjectReference();
}
