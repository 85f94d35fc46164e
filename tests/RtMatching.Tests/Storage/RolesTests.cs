using System.Text.Json;
using Npgsql;
using RtMatching.Cli;
using RtMatching.Core.Profiles;
using RtMatching.Core.Security;
using RtMatching.Core.Storage;
using RtMatching.Tests.Cli;
using RtMatching.Tests.Server;

namespace RtMatching.Tests.Storage;

/// <summary>Least privilege: the program does all its work as a role that owns nothing, and neither it nor the reader can do anything else.</summary>
public sealed class RolesTests(RolesTests.Filled filled) : IClassFixture<RolesTests.Filled>, IDisposable
{
    /// <summary>One database for all tests that change nothing.</summary>
    public sealed class Filled : IAsyncLifetime
    {
        internal RoleDatabase Roles { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Roles = await RoleDatabase.MigratedAsync();
            await using var writer = await Database.OpenAsync(Roles.Writer);
            var profile = await new ProfileStore(writer).SaveAsync(StoredDocuments.Profile("p"));
            await Roles.Test.AddAsync("ada-lovelace.pdf", "Ada Lovelace, ada@example.org", profile);
        }

        public async Task DisposeAsync() => await Roles.DisposeAsync();
    }

    private const string Denied = PostgresErrorCodes.InsufficientPrivilege;
    private const string Job = "We look for a cook.\n\nRequirements\n- Bakes bread and pastry every day\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-roles-").FullName;

    [Fact]
    public async Task The_program_does_its_whole_work_as_the_writer()
    {
        await using var roles = await RoleDatabase.CreateAsync();
        Write("cook.txt", "Experience\n- Baked bread and pastry daily from scratch\n\nSkills\nMenus, bread, sauces\n");
        Write("teacher.txt", "Experience\n- Taught mathematics to classes of thirty\n");
        Write("job.md", Job);
        var migrated = await CliProcess.RunAsync(["db", "migrate"], environment: Environment(roles.Owner));
        Assert.True(migrated.ExitCode == ExitCode.Ok && migrated.Output.Contains("_writer and", StringComparison.Ordinal), migrated.Output + migrated.Error);

        await OkAsync(roles, "ingest", Path.Combine(_folder, "cook.txt"), Path.Combine(_folder, "teacher.txt"));
        await OkAsync(roles, "ingest", Path.Combine(_folder, "job.md"), "--kind", "job");
        var ranking = JsonDocument.Parse((await OkAsync(roles, "rank", "--text", Job, "--explain", "--json")).Output).RootElement.GetProperty("ranking");
        Assert.EndsWith("cook.txt", ranking[0].GetProperty("external_id").GetString(), StringComparison.Ordinal);
        await OkAsync(roles, "profiles", "set", "jd2cv", "--iterations", "3");
        Assert.Contains("version 2 is active", (await OkAsync(roles, "ingest", "--reembed")).Output, StringComparison.Ordinal);
        await OkAsync(roles, "keys", "create", "loader");
        await OkAsync(roles, "keys", "revoke", "1");
        await OkAsync(roles, "keys", "list");
        await using (var database = await Database.OpenAsync(roles.Writer))
            await new ApiKeyStore(database).AdoptAsync("rtm_" + new string('k', 43), "deployment");

        await using (var server = await ServerProcess.StartAsync(roles.Writer))
        {
            Write("driver.txt", "Experience\n- Drove a bus for ten years\n");
            await OkAsync(roles, "ingest", Path.Combine(_folder, "driver.txt"), "--server", server.Address);
            await OkAsync(roles, "rank", "--all-jobs", "--output", Path.Combine(_folder, "out.jsonl"), "--server", server.Address);
            await OkAsync(roles, "status", "--server", server.Address);
        }

        await OkAsync(roles, "documents", "delete", ranking[0].GetProperty("document_id").GetInt64().ToString());
        Assert.Equal(3, await roles.Test.CountAsync("select count(*) from contents"));
        Assert.Equal(2, await roles.Test.CountAsync("select count(*) from api_keys"));
        Assert.Equal(2, await roles.Test.CountAsync("select count(*) from vectors_2 where kind = 'cv'"));
        Assert.Equal(0, await roles.Test.CountAsync("select count(*) from pg_class where relowner <> (select datdba from pg_database where datname = current_database()) and relkind = 'r' and relnamespace = 'public'::regnamespace"));
    }

    [Fact]
    public async Task The_writer_has_the_index_built_that_many_vectors_are_worth()
    {
        await using var roles = await RoleDatabase.MigratedAsync();
        await using var database = await Database.OpenAsync(roles.Writer);
        var store = new VectorStore(database, await new ProfileStore(database).SaveAsync(StoredDocuments.Profile()));
        var random = new Random(1);
        await using (var connection = await database.Source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await store.PutAsync(transaction, [.. Enumerable.Range(0, 5000).Select(i => new StoredVector("default", DocumentKind.Cv,
                StoredDocuments.Hash($"{i}"), [.. Enumerable.Range(0, 4).Select(_ => random.NextSingle())]))]);
            await transaction.CommitAsync();
        }

        await Task.WhenAll(store.BuildIndexesAsync(), store.BuildIndexesAsync());
        Assert.Equal(1, await roles.Test.CountAsync(
            $"select count(*) from pg_indexes where indexname = 'vectors_1_cv_hnsw' and indexdef like '%hnsw%' and schemaname = 'public'"));
        Assert.Equal(Denied, await RoleDatabase.TryAsync(roles.Writer, "drop index vectors_1_cv_hnsw"));
    }

    [Theory]
    [InlineData("drop table documents")]
    [InlineData("alter table documents add column x int")]
    [InlineData("truncate items")]
    [InlineData("truncate vectors_1")]
    [InlineData("drop function create_vector_tables(bigint)")]
    [InlineData("create or replace function create_vector_tables(profile_version bigint) returns void language sql as 'select'")]
    [InlineData("create trigger t after insert on documents execute function note_ranking_changes('0')")]
    [InlineData("create index on documents (id)")]
    [InlineData("create table public.mine (x int)")]
    [InlineData("create table orleans.mine (x int)")]
    [InlineData("create function public.mine() returns int language sql as 'select 1'")]
    [InlineData("create schema mine")]
    [InlineData("create extension pg_trgm")]
    [InlineData("drop schema orleans cascade")]
    [InlineData("select rolpassword from pg_authid")]
    [InlineData("select pg_read_file('/etc/passwd')")]
    [InlineData("copy documents to program 'cat'")]
    [InlineData("insert into schema_migrations values (99, 'x', 'x')")]
    [InlineData("update api_keys set hash = hash")]
    [InlineData("update api_keys set tenant = 'other'")]
    [InlineData("delete from api_keys")]
    [InlineData("update contents set bytes = ''")]
    [InlineData("delete from items")]
    [InlineData("delete from profile_versions")]
    [InlineData("update orleans.OrleansQuery set QueryText = ''")]
    [InlineData("insert into orleans.tables_version values (99)")]
    [InlineData("select watch_vectors(1)")]
    public async Task The_writer_is_refused(string sql) =>
        Assert.Equal(Denied, await RoleDatabase.TryAsync(filled.Roles.Writer, sql));

    [Fact]
    public async Task The_writer_may_not_become_the_owner_nor_drop_the_database()
    {
        var roles = filled.Roles;
        Assert.Equal(Denied, await RoleDatabase.TryAsync(roles.Writer, $"set role {roles.OwnerName}"));
        Assert.Equal(Denied, await RoleDatabase.TryAsync(roles.Writer, $"alter default privileges for role {roles.OwnerName} grant all on tables to public"));
        Assert.Equal(Denied, await RoleDatabase.TryAsync(roles.Reader, $"set role {roles.OwnerName}"));
        var database = new NpgsqlConnectionStringBuilder(roles.Writer).Database;
        var elsewhere = new NpgsqlConnectionStringBuilder(roles.Writer) { Database = "postgres" }.ConnectionString;
        Assert.Equal(Denied, await RoleDatabase.TryAsync(elsewhere, $"drop database {database}"));
    }

    [Theory]
    [InlineData("select create_vector_tables(null)")]
    [InlineData("select create_vector_tables(-1)")]
    [InlineData("select create_vector_tables(987)")]                    // no such version
    [InlineData("with v as (insert into profile_versions (name, version, settings, dimension) values ('p', 7, '{}', 5000) returning id) select create_vector_tables(id) from v")]
    [InlineData("select build_vector_index(1, null)")]
    [InlineData("select build_vector_index(987, 'cv')")]
    [InlineData("select build_vector_index(1, 'cv'' or true --')")]
    [InlineData("create temporary table profile_versions (id bigint, dimension int); insert into pg_temp.profile_versions values (986, 4); set search_path = pg_temp, public; select public.create_vector_tables(986)")]
    public async Task What_runs_as_the_owner_refuses_what_is_no_stored_version(string sql) =>
        Assert.Equal(PostgresErrorCodes.InvalidParameterValue, await RoleDatabase.TryAsync(filled.Roles.Writer, sql));

    [Fact]
    public async Task A_stored_versions_tables_are_made_once() =>
        Assert.Equal(PostgresErrorCodes.DuplicateTable, await RoleDatabase.TryAsync(filled.Roles.Writer, "select create_vector_tables(1)"));

    [Theory]
    [InlineData("select count(*) from documents where current_version is not null", "1")]
    [InlineData("select kind || ' ' || coalesce(location, 'nowhere') from documents", "cv nowhere")]
    [InlineData("select outcome || ' ' || format from texts", "ok text")]
    [InlineData("select count(*) from items i join ingestions n on n.id = i.ingestion_id where n.state = 'running' and i.stage = 'dead'", "0")]
    [InlineData("select p.name from profiles p join profile_versions v on v.id = p.active_version_id", "p")]
    [InlineData("select count(name) from api_keys where revoked_at is null and last_used_at is null", "0")]
    [InlineData("select count(*) from bulk_rankings b join bulk_ranking_jobs j on j.bulk_ranking_id = b.id where j.ended_at is null", "0")]
    public async Task The_reader_counts(string sql, string answer) => Assert.Equal(answer, await RoleDatabase.TryAsync(filled.Roles.Reader, sql));

    [Theory]
    [InlineData("select * from documents")]
    [InlineData("select external_id from documents")]
    [InlineData("select source from documents")]
    [InlineData("select bytes from contents")]
    [InlineData("select body from texts")]
    [InlineData("select search from texts")]
    [InlineData("select sections from texts")]
    [InlineData("select external_id from items")]
    [InlineData("select detail from items")]
    [InlineData("select request from ingestions")]
    [InlineData("select text from bulk_ranking_jobs")]
    [InlineData("select line from bulk_ranking_jobs")]
    [InlineData("select name from bulk_ranking_jobs")]
    [InlineData("select hash from api_keys")]
    [InlineData("select prefix from api_keys")]
    [InlineData("select lexeme from term_frequencies")]
    [InlineData("select embedding from vectors_1")]
    [InlineData("select start from passages_1")]
    [InlineData("select key from idempotency_keys")]
    [InlineData("select * from orleans.membership")]
    [InlineData("select rolpassword from pg_authid")]
    [InlineData("select create_vector_tables(1)")]
    [InlineData("update documents set kind = 'job'")]
    [InlineData("delete from documents")]
    [InlineData("create table public.mine (x int)")]
    [InlineData("create temporary table mine (x int)")]
    public async Task The_reader_is_refused(string sql) => Assert.Equal(Denied, await RoleDatabase.TryAsync(filled.Roles.Reader, sql));

    [Fact]
    public async Task Any_other_role_does_not_even_get_in()
    {
        await using var roles = await RoleDatabase.MigratedAsync();
        await using var other = await RoleDatabase.CreateAsync();
        var stranger = new NpgsqlConnectionStringBuilder(other.Writer) { Database = new NpgsqlConnectionStringBuilder(roles.Writer).Database }.ConnectionString;
        Assert.Equal(Denied, await RoleDatabase.TryAsync(stranger, "select 1"));
    }

    [Fact]
    public async Task Whoever_may_not_make_outstanding_tables_is_told_who_does()
    {
        await using var roles = await RoleDatabase.CreateAsync();
        foreach (var connection in (string[])[roles.Writer, roles.Test.ConnectionString])
            Assert.Contains(roles.OwnerName, await RefusalAsync(connection), StringComparison.Ordinal);

        await roles.MigrateAsync();
        await using (await Database.OpenAsync(roles.Writer)) { }
        await roles.Test.Source.CreateCommand("delete from schema_migrations where number = (select max(number) from schema_migrations)").ExecuteNonQueryAsync();
        foreach (var connection in (string[])[roles.Writer, roles.Test.ConnectionString])
        {
            var refusal = await RefusalAsync(connection);
            Assert.Contains(roles.OwnerName, refusal, StringComparison.Ordinal);
            Assert.Contains("rtmatch db migrate", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_database_that_one_role_owned_changes_over_and_may_be_prepared_again()
    {
        await using var roles = await RoleDatabase.AdoptAsync(await TestDatabase.CreateAsync());
        Assert.Contains("db migrate", await RefusalAsync(roles.Writer), StringComparison.Ordinal);
        await roles.RunRolesAsync();
        await Task.WhenAll(roles.MigrateAsync(), roles.MigrateAsync());
        Assert.Equal(roles.OwnerName, (await roles.MigrateAsync()).Owner);
        Assert.Equal("1", await RoleDatabase.TryAsync(roles.Writer, "insert into profiles (name) values ('x') returning 1"));
        await Assert.ThrowsAsync<DatabaseSetupException>(() => PrepareAsync(roles.Writer));
        await Assert.ThrowsAsync<DatabaseSetupException>(() => PrepareAsync(roles.Test.ConnectionString));
    }

    [Fact]
    public async Task One_role_that_owns_everything_needs_no_others()
    {
        await using var test = await TestDatabase.CreateAsync();
        Assert.Equal((null, null), await DatabaseOwner.PrepareAsync(test.Database) is var report ? (report.Writer, report.Reader) : default);
    }

    [Fact]
    public async Task The_writer_keeps_a_clusters_membership_and_reminders()
    {
        var roles = filled.Roles;
        await using var database = await Database.OpenAsync(roles.Writer);
        await ClusterTables.ApplyAsync(database.Source, CancellationToken.None);
        Assert.Equal(0, await ClusterTables.ForgetDeadAsync(database.Source, "nobody", TimeSpan.Zero, CancellationToken.None));
        await using var command = database.Source.CreateCommand("""
            insert into orleans.membership_version (cluster) values ('c');
            insert into orleans.membership (cluster, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
                values ('c', 'a', 1, 1, 's', 'h', 3, 0, now(), now());
            update orleans.membership set status = 6 where cluster = 'c';
            insert into orleans.reminders values ('c', 'g', 'n', now(), 1, 1) on conflict (service, grain_id, name) do update set version = 1;
            delete from orleans.reminders where service = 'c';
            delete from orleans.membership where cluster = 'c';
            delete from orleans.membership_version where cluster = 'c';
            select count(*) from orleans.OrleansQuery
            """);
        Assert.True(await command.ExecuteNonQueryAsync() > 0);
    }

    private static async Task PrepareAsync(string connectionString)
    {
        await using var database = await Database.OpenAsync(connectionString);
        await DatabaseOwner.PrepareAsync(database);
    }

    private static async Task<string> RefusalAsync(string connectionString) =>
        (await Assert.ThrowsAsync<DatabaseSetupException>(async () => await Database.OpenAsync(connectionString))).Message;

    private static async Task<CliProcess> OkAsync(RoleDatabase roles, params string[] arguments)
    {
        var run = await CliProcess.RunAsync(arguments, environment: Environment(roles.Writer));
        Assert.True(run.ExitCode == ExitCode.Ok, $"{string.Join(' ', arguments)}: {run.Error}");
        return run;
    }

    private static Dictionary<string, string> Environment(string connectionString) => new() { [Database.Variable] = connectionString };

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
