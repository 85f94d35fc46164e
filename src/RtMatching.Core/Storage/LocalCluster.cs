using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace RtMatching.Core.Storage;

public enum ClusterState { Absent, Stopped, Running }

/// <param name="Folder">Where the cluster lives.</param>
/// <param name="Port">On loopback; null unless running.</param>
public sealed record ClusterStatus(ClusterState State, string Folder, int? Port);

/// <summary>
/// The user's own PostgreSQL: a private cluster in the data folder, on loopback, with a generated password. Run as root it belongs to
/// and runs as user postgres, because PostgreSQL refuses to run as root.
/// </summary>
public sealed class LocalCluster
{
    public const string User = "rtmatch";
    public const string DefaultDatabase = "rtmatch";

    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(2);

    private readonly string _folder;
    private readonly bool _durable;

    /// <param name="home">The data folder; the user's own where null.</param>
    /// <param name="durable">False gives up crash safety for speed: for tests only.</param>
    public LocalCluster(string? home = null, bool durable = true)
    {
        _folder = Path.Combine(home ?? DataFolder(), "postgres");
        _durable = durable;
    }

    private string Data => Path.Combine(_folder, "data");
    private string PasswordFile => Path.Combine(_folder, "password");
    private string LogFile => Path.Combine(_folder, "log");
    private string ProcessFile => Path.Combine(Data, "postmaster.pid");

    /// <summary><c>RTMATCH_HOME</c>; else /var/lib/rtmatch for root, whose home user postgres may not enter; else the user's local data folder.</summary>
    public static string DataFolder() =>
        Environment.GetEnvironmentVariable("RTMATCH_HOME") is { Length: > 0 } home ? Path.GetFullPath(home)
        : Environment.IsPrivilegedProcess && OperatingSystem.IsLinux() ? "/var/lib/rtmatch"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "rtmatch");

    public ClusterStatus Status()
    {
        if (!File.Exists(Path.Combine(Data, "PG_VERSION"))) return new ClusterStatus(ClusterState.Absent, _folder, null);
        return RunningPort() is { } port
            ? new ClusterStatus(ClusterState.Running, _folder, port)
            : new ClusterStatus(ClusterState.Stopped, _folder, null);
    }

    /// <summary>Creates the cluster where there is none and starts it where it does not run; safe to call from several processes at once.</summary>
    /// <param name="say">Told what takes long: installing, creating.</param>
    /// <returns>A connection string for <paramref name="database"/>, which exists then.</returns>
    /// <exception cref="DatabaseSetupException">PostgreSQL is missing or does not start; the message names the remedy.</exception>
    public async Task<string> StartAsync(Action<string> say, string database = DefaultDatabase, CancellationToken cancellation = default)
    {
        using (await LockAsync(cancellation))
        {
            if (RunningPort() is null)
            {
                var binaries = await PostgresBinaries.RequireAsync(say, cancellation);
                if (!File.Exists(Path.Combine(Data, "PG_VERSION"))) await CreateAsync(binaries, say, cancellation);
                await StartServerAsync(Matching(binaries), cancellation);
            }
        }

        var connection = ConnectionString(database);
        await CreateDatabaseAsync(database, cancellation);
        return connection;
    }

    /// <returns>False where it did not run.</returns>
    public async Task<bool> StopAsync(CancellationToken cancellation = default)
    {
        using (await LockAsync(cancellation)) return await StopServerAsync(cancellation);
    }

    /// <summary>Stops the cluster and removes it with everything in it.</summary>
    public async Task ResetAsync(CancellationToken cancellation = default)
    {
        // Under one lock: a start that came between would run on files that are going away.
        using (await LockAsync(cancellation))
        {
            await StopServerAsync(cancellation);
            if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
            File.Delete(PasswordFile);
            File.Delete(LogFile);
        }
    }

    /// <exception cref="DatabaseSetupException">It does not run.</exception>
    public string ConnectionString(string database = DefaultDatabase) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = RunningPort() ?? throw new DatabaseSetupException("The private PostgreSQL does not run; start it with: rtmatch db start"),
        Username = User,
        Password = File.ReadAllText(PasswordFile).Trim(),
        Database = database,
    }.ConnectionString;

    private async Task CreateAsync(PostgresBinaries binaries, Action<string> say, CancellationToken cancellation)
    {
        say($"creating a private PostgreSQL {binaries.Version} in {_folder}");
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);   // What an initdb that was killed left behind.
        Directory.CreateDirectory(Data);
        var openToOwner = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) openToOwner.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new StreamWriter(PasswordFile, openToOwner)) await file.WriteAsync(RandomNumberGenerator.GetHexString(32, lowercase: true));
        if (Environment.IsPrivilegedProcess) await GiveToPostgresAsync(cancellation);
        await RunAsync(binaries.Program("initdb"),
            ["-D", Data, "-U", User, "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", $"--pwfile={PasswordFile}"], cancellation);
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"), Settings(), cancellation);
    }

    private string Settings()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024);
        var durability = _durable ? "" : "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n";
        return $"""

            # rtmatch
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            max_connections = 100
            shared_buffers = {Math.Clamp(memory / 8, 64, 4096)}MB
            maintenance_work_mem = {Math.Clamp(memory / 16, 64, 2048)}MB
            max_wal_size = 4GB
            random_page_cost = 1.1
            {durability}
            """;
    }

    /// <summary>The data folder becomes user postgres's; the folders above it must let that user through.</summary>
    private async Task GiveToPostgresAsync(CancellationToken cancellation)
    {
        var (code, output) = await ProgramRun.RunAsync("chown", ["-R", "postgres:", _folder], cancellation);
        if (code != 0) throw new DatabaseSetupException($"user postgres cannot own {_folder}: {output.Trim()}");
        var (reachable, _) = await ProgramRun.RunAsync("runuser", ["-u", "postgres", "--", "test", "-x", _folder], cancellation);
        if (reachable != 0)
            throw new DatabaseSetupException($"user postgres, which runs the server for root, cannot enter {_folder}; set RTMATCH_HOME to a folder that everybody may enter");
    }

    private async Task<bool> StopServerAsync(CancellationToken cancellation)
    {
        if (RunningPort() is null) return false;
        var binaries = Matching(await PostgresBinaries.RequireAsync(_ => { }, cancellation));
        await ControlAsync(binaries, ["stop", "-m", "fast", "-w", "-t", "60"], cancellation);
        return true;
    }

    private async Task StartServerAsync(PostgresBinaries binaries, CancellationToken cancellation)
    {
        await DisownReusedProcessAsync(cancellation);

        // Two starts can draw the same free port; the loser draws again.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ControlAsync(binaries, ["start", "-w", "-t", "120", "-l", LogFile, "-o", $"-p {FreePort()}"], cancellation);
                return;
            }
            catch (DatabaseSetupException) when (attempt < 3)
            {
            }
            catch (DatabaseSetupException exception)
            {
                throw new DatabaseSetupException($"{exception.Message} Its log is {LogFile}.", exception);
            }
        }
    }

    private Task ControlAsync(PostgresBinaries binaries, IEnumerable<string> arguments, CancellationToken cancellation) =>
        RunAsync(binaries.Program("pg_ctl"), ["-D", Data, .. arguments], cancellation);

    private static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var (code, output) = Environment.IsPrivilegedProcess
            ? await ProgramRun.RunAsync("runuser", ["-u", "postgres", "--", program, .. arguments], cancellation)
            : await ProgramRun.RunAsync(program, arguments, cancellation);
        if (code != 0) throw new DatabaseSetupException($"{Path.GetFileName(program)} failed ({code}): {output.Trim()}");
    }

    /// <summary>A cluster is run by the major version that made it, also once a newer one is installed.</summary>
    private PostgresBinaries Matching(PostgresBinaries newest)
    {
        var version = File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim();
        if (version == newest.Version.ToString(CultureInfo.InvariantCulture)) return newest;
        var folder = newest.Folder.Replace($"/{newest.Version}/", $"/{version}/", StringComparison.Ordinal);
        return Directory.Exists(folder)
            ? new PostgresBinaries(int.Parse(version, CultureInfo.InvariantCulture), folder)
            : throw new DatabaseSetupException($"{Data} was made by PostgreSQL {version}, which is no longer installed; install it, or move the data with pg_dump");
    }

    /// <summary>
    /// postmaster.pid: line 1 the process, line 4 the port, line 8 its state. Left behind by a crash, it names a process that is gone, or
    /// after a restart of the machine or container, one that has nothing to do with it.
    /// </summary>
    private int? RunningPort()
    {
        try
        {
            var lines = File.ReadAllLines(ProcessFile);
            if (lines.Length < 8 || lines[7].Trim() != "ready") return null;
            return IsServer(int.Parse(lines[0], CultureInfo.InvariantCulture)) ? int.Parse(lines[3], CultureInfo.InvariantCulture) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static bool IsServer(int process)
    {
        if (!OperatingSystem.IsLinux()) return true;
        try
        {
            return Path.GetFileName(File.ReadAllText($"/proc/{process}/cmdline").Split('\0')[0]) == "postgres";
        }
        catch (IOException)
        {
            return false;   // Gone, perhaps while being read.
        }
    }

    /// <summary>
    /// PostgreSQL refuses to start while the process of postmaster.pid lives, whatever program that is by now. The file itself must stay:
    /// its last lines let the server see that the old one's children still hold its memory.
    /// </summary>
    private async Task DisownReusedProcessAsync(CancellationToken cancellation)
    {
        if (!File.Exists(ProcessFile)) return;
        var lines = await File.ReadAllLinesAsync(ProcessFile, cancellation);
        if (lines.Length == 0 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var process) || IsServer(process)) return;
        lines[0] = int.MaxValue.ToString(CultureInfo.InvariantCulture);   // Above any system's greatest process id.
        await File.WriteAllLinesAsync(ProcessFile, lines, cancellation);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task CreateDatabaseAsync(string database, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var exists = source.CreateCommand("select 1 from pg_database where datname = $1");
        exists.Parameters.Add(new() { Value = database });
        if (await exists.ExecuteScalarAsync(cancellation) is not null) return;
        try
        {
            await using var create = source.CreateCommand($"create database \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            await create.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another process was quicker.
        }
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_folder);
        var deadline = DateTime.UtcNow + LockPatience;
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(100, cancellation);
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new DatabaseSetupException($"{_folder} belongs to another user; set RTMATCH_HOME to a folder of your own", exception);
            }
        }
    }
}
