using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Storage;

/// <summary>An installed PostgreSQL server that has pgvector.</summary>
/// <param name="Version">Major version.</param>
/// <param name="Folder">Where initdb and pg_ctl are.</param>
internal sealed record PostgresBinaries(int Version, string Folder)
{
    public const int MinVersion = 15;
    private static readonly Version MinVector = new(0, 8);

    public string Program(string name) => Path.Combine(Folder, name);

    /// <summary>The newest usable one; null where there is none.</summary>
    public static PostgresBinaries? Find() =>
        Folders().Select(Read).OfType<PostgresBinaries>().Where(HasVector).OrderByDescending(found => found.Version).FirstOrDefault();

    /// <summary>As above, after running the install script where this process may and the system is one that the script knows.</summary>
    /// <exception cref="DatabaseSetupException">There is none; the message is the command to run.</exception>
    public static async Task<PostgresBinaries> RequireAsync(Action<string> say, CancellationToken cancellation)
    {
        if (Find() is { } found) return found;
        var script = Path.Combine(AppContext.BaseDirectory, "infra", "postgres", "install.sh");
        if (!Environment.IsPrivilegedProcess || !IsDebianOrUbuntu() || !File.Exists(script))
            throw new DatabaseSetupException(
                $"PostgreSQL {MinVersion} or newer with pgvector {MinVector} or newer is not installed. On Debian or Ubuntu run: sudo bash {script}\n" +
                "Elsewhere install both, or point ConnectionStrings__rtmatch at a server that has them.");
        say($"PostgreSQL with pgvector is missing; installing it with {script}");
        await InstallAsync(script, cancellation);
        return Find() ?? throw new DatabaseSetupException($"{script} ended well, but no PostgreSQL with pgvector is to be found.");
    }

    private static async Task InstallAsync(string script, CancellationToken cancellation)
    {
        var (code, output) = await ProgramRun.RunAsync("bash", [script], cancellation);
        if (code != 0) throw new DatabaseSetupException($"{script} failed ({code}): {output.Trim()}");
    }

    /// <summary>Where PostgreSQL's programs may lie.</summary>
    internal static IEnumerable<string> Folders()
    {
        string[] roots = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"];
        var listed = roots.Where(Directory.Exists).SelectMany(root => Directory.EnumerateDirectories(root)).Select(folder => Path.Combine(folder, "bin"));
        return listed.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)).Distinct();
    }

    private static PostgresBinaries? Read(string folder)
    {
        var server = Path.Combine(folder, "postgres");
        if (!File.Exists(server) || !File.Exists(Path.Combine(folder, "initdb")) || !File.Exists(Path.Combine(folder, "pg_ctl"))) return null;
        using var process = Process.Start(new ProcessStartInfo(server, "--version") { RedirectStandardOutput = true });
        var match = Regex.Match(process?.StandardOutput.ReadToEnd() ?? "", @"\) (\d+)");
        if (!match.Success) return null;
        var version = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return version >= MinVersion ? new PostgresBinaries(version, folder) : null;
    }

    private static bool HasVector(PostgresBinaries binaries)
    {
        var prefix = Path.GetDirectoryName(binaries.Folder)!;
        string[] controls =
        [
            $"/usr/share/postgresql/{binaries.Version}/extension/vector.control",
            Path.Combine(prefix, "share", "postgresql", "extension", "vector.control"),
            Path.Combine(prefix, "share", "extension", "vector.control"),
            Path.Combine(prefix, "share", $"postgresql@{binaries.Version}", "extension", "vector.control"),
        ];
        var control = controls.FirstOrDefault(File.Exists);
        if (control is null) return false;
        var match = Regex.Match(File.ReadAllText(control), @"default_version\s*=\s*'(\d+\.\d+)");
        return match.Success && System.Version.Parse(match.Groups[1].Value) >= MinVector;
    }

    private static bool IsDebianOrUbuntu() =>
        File.Exists("/etc/os-release") && Regex.IsMatch(File.ReadAllText("/etc/os-release"), "^ID=\"?(debian|ubuntu)\"?$", RegexOptions.Multiline);
}

/// <summary>The database cannot be set up or reached; the message says what to do.</summary>
public sealed class DatabaseSetupException(string message, Exception? inner = null) : Exception(message, inner);
