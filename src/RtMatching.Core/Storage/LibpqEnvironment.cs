using System.Globalization;
using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>
/// A connection string for PostgreSQL's own programs: as environment variables (https://www.postgresql.org/docs/current/libpq-envars.html),
/// because the list of processes shows everybody what stands on a command line.
/// </summary>
internal static class LibpqEnvironment
{
    /// <summary>What Npgsql trusts without being told: the system's authorities, in one of these files.</summary>
    private static readonly string[] Authorities =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

    /// <returns>Null for what the program must not inherit.</returns>
    /// <exception cref="DatabaseSetupException">It holds something that those programs cannot be told.</exception>
    public static Dictionary<string, string?> Of(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        if (given.SslPassword is not null)
            throw new DatabaseSetupException(
                "The connection string has an SSL Password, which pg_dump and pg_restore cannot be told; use a key without one for this.");
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PGSERVICE"] = null, ["PGHOSTADDR"] = null, ["PGDATABASE"] = given.Database, ["PGAPPNAME"] = "rtmatch",
            ["PGSSLMODE"] = Mode(given.SslMode), ["PGCHANNELBINDING"] = given.ChannelBinding.ToString().ToLowerInvariant(),
            ["PGCONNECT_TIMEOUT"] = given.Timeout.ToString(CultureInfo.InvariantCulture),
        };
        AddHosts(environment, given);
        foreach (var (name, value) in Optional(given))
            if (!string.IsNullOrEmpty(value)) environment[name] = value;
        return environment;
    }

    private static IEnumerable<(string Name, string? Value)> Optional(NpgsqlConnectionStringBuilder given) =>
    [
        ("PGUSER", given.Username), ("PGPASSWORD", given.Password), ("PGPASSFILE", given.Passfile), ("PGOPTIONS", given.Options),
        ("PGKRBSRVNAME", given.KerberosServiceName), ("PGSSLCERT", given.SslCertificate), ("PGSSLKEY", given.SslKey),
        ("PGSSLROOTCERT", given.RootCertificate ?? Trusted(given.SslMode)),
    ];

    /// <summary>Npgsql writes a host's own port after it; libpq has two lists. A folder is that of a socket.</summary>
    private static void AddHosts(Dictionary<string, string?> environment, NpgsqlConnectionStringBuilder given)
    {
        var hosts = (given.Host ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(host => Split(host, given.Port)).ToList();
        if (hosts.Count == 0) return;
        environment["PGHOST"] = string.Join(',', hosts.Select(host => host.Host));
        environment["PGPORT"] = string.Join(',', hosts.Select(host => host.Port));
    }

    private static (string Host, string Port) Split(string host, int port)
    {
        var colon = host.LastIndexOf(':');
        var own = colon > 0 && host[0] is not ('/' or '@') && (host[colon - 1] == ']' || host.IndexOf(':') == colon);
        return (own ? host[..colon].Trim('[', ']') : host.Trim('[', ']'), own ? host[(colon + 1)..] : port.ToString(CultureInfo.InvariantCulture));
    }

    private static string Mode(SslMode mode) => mode switch
    {
        SslMode.VerifyCA => "verify-ca",
        SslMode.VerifyFull => "verify-full",
        _ => mode.ToString().ToLowerInvariant(),
    };

    /// <summary>Where neither the connection string nor the environment nor libpq's own place names a root certificate.</summary>
    private static string? Trusted(SslMode mode)
    {
        var own = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".postgresql", "root.crt");
        return mode is SslMode.VerifyCA or SslMode.VerifyFull && Environment.GetEnvironmentVariable("PGSSLROOTCERT") is null or "" && !File.Exists(own)
            ? Authorities.FirstOrDefault(File.Exists)
            : null;
    }
}
