using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class LibpqEnvironmentTests
{
    [Theory]
    [InlineData("Host=db;Username=u;Password=p;Database=d", "PGHOST=db PGPORT=5432 PGUSER=u PGPASSWORD=p PGDATABASE=d PGSSLMODE=prefer")]
    [InlineData("Host=/run/postgresql;Port=5433;Database=d", "PGHOST=/run/postgresql PGPORT=5433")]
    [InlineData("Host=a:1,b;Port=2", "PGHOST=a,b PGPORT=1,2")]
    [InlineData("Host=[::1]:7", "PGHOST=::1 PGPORT=7")]
    [InlineData("Host=::1", "PGHOST=::1 PGPORT=5432")]
    [InlineData("Host=db;SSL Mode=VerifyFull;Root Certificate=/ca.pem;SSL Certificate=/c.pem;SSL Key=/k.pem",
        "PGSSLMODE=verify-full PGSSLROOTCERT=/ca.pem PGSSLCERT=/c.pem PGSSLKEY=/k.pem")]
    [InlineData("Host=db;SSL Mode=VerifyCA;Timeout=7;Options=-c role=x;Passfile=/p", "PGSSLMODE=verify-ca PGCONNECT_TIMEOUT=7 PGOPTIONS=-c~role=x PGPASSFILE=/p")]
    [InlineData("Host=db;SSL Mode=Disable;Channel Binding=Require", "PGSSLMODE=disable PGCHANNELBINDING=require")]
    public void A_connection_string_says_the_same_to_libpq(string connectionString, string expected)
    {
        var environment = LibpqEnvironment.Of(connectionString);
        Assert.All(expected.Split(' '), pair => Assert.Equal(pair.Split('=', 2)[1].Replace('~', ' '), environment[pair.Split('=', 2)[0]]));
        Assert.True(environment.TryGetValue("PGSERVICE", out var service) && service is null);
    }

    [Fact]
    public void What_libpq_cannot_be_told_is_refused_without_being_repeated()
    {
        var refusal = Assert.Throws<DatabaseSetupException>(() => LibpqEnvironment.Of("Host=db;SSL Key=/k;SSL Password=hunter2"));
        Assert.DoesNotContain("hunter2", refusal.Message, StringComparison.Ordinal);
    }
}
