using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

/// <summary>A container's connection string names a file with the password, which the group or all may read: so secrets are mounted.</summary>
public sealed class PassfileTests
{
    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    public async Task The_password_comes_from_the_file_that_the_connection_string_names(UnixFileMode mode)
    {
        await using var test = await TestDatabase.CreateAsync();
        var given = new NpgsqlConnectionStringBuilder(test.ConnectionString);
        if (string.IsNullOrEmpty(given.Password)) return;       // the server asks this user for none
        var file = Path.GetTempFileName();
        try
        {
            var named = new NpgsqlConnectionStringBuilder(test.ConnectionString) { Password = null, Passfile = file };
            await File.WriteAllTextAsync(file, $"{given.Host}:{given.Port}:*:{given.Username}:wrong\n");
            await Assert.ThrowsAsync<PostgresException>(() => Database.OpenAsync(named.ConnectionString));

            await File.WriteAllTextAsync(file, $"{given.Host}:{given.Port}:*:{given.Username}:{given.Password}\n");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, mode);
            await using var database = await Database.OpenAsync(named.ConnectionString);
            await using var command = database.Source.CreateCommand("select current_user");
            Assert.Equal(given.Username, (string?)await command.ExecuteScalarAsync());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
