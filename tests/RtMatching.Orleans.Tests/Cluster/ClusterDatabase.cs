using System.Globalization;
using Npgsql;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>A database of a test's own, which remembers when items ended and vectors came: what happens twice is seen, even where it leaves one row.</summary>
internal sealed class ClusterDatabase : IAsyncDisposable
{
    private readonly TestDatabase _test;

    private ClusterDatabase(TestDatabase test) => _test = test;

    public Database Database => _test.Database;
    public string ConnectionString => _test.ConnectionString;

    public static async Task<ClusterDatabase> CreateAsync() => new(await TestDatabase.CreateAsync());

    /// <summary>A number from SQL; a server that restarts is waited for.</summary>
    public async Task<long> CountAsync(string sql)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _test.CountAsync(sql);
            }
            catch (NpgsqlException) when (attempt < 200)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Stops and starts the server, on the same port, by its own hand; every connection is cut. Returns when it answers again.</summary>
    public async Task RestartServerAsync()
    {
        var started = await MomentAsync("select pg_postmaster_start_time()");
        await ExecuteAsync("""
            do $$
            declare
                program text := (select setting from pg_config where name = 'BINDIR') || '/pg_ctl';
                folder text := current_setting('data_directory');
            begin
                execute format('copy (select 1) to program %L',
                    format('setsid sh -c "sleep 0.2; %s restart -D %s -m fast -w" >/dev/null 2>&1 &', program, folder));
            end $$
            """);
        for (var attempt = 1; attempt < 300; attempt++)
        {
            await Task.Delay(100);
            if (await CountAsync($"select count(*) from (select 1 where pg_postmaster_start_time() > '{started:O}'::timestamptz) as restarted") == 1) return;
        }

        Assert.Fail("The server was not restarted.");
    }

    /// <summary>A row in ended_items for each time that an item becomes embedded, one in made_vectors for each vector stored.</summary>
    public async Task LogEndsAsync()
    {
        await ExecuteAsync("""
            create table ended_items (item bigint not null, at timestamptz not null default clock_timestamp());
            create table made_vectors (content bytea not null, at timestamptz not null default clock_timestamp());
            create function log_item() returns trigger language plpgsql as $$ begin insert into ended_items values (new.id); return null; end $$;
            create function log_vector() returns trigger language plpgsql as $$ begin insert into made_vectors values (new.content_hash); return null; end $$;
            create trigger log_item after update of stage on items for each row when (new.stage = 'embedded' and old.stage <> 'embedded')
                execute function log_item();
            create trigger log_vector after insert on vectors_1 for each row execute function log_vector();
            """);
    }

    /// <summary>So many CVs came whole: each embedded once, none lost, nothing left over.</summary>
    public async Task AssertCompleteAsync(int cvs)
    {
        Assert.Equal(cvs, await CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(cvs, await CountAsync("select count(*) from document_versions"));
        Assert.Equal(cvs, await CountAsync("select count(*) from vectors_1"));
        Assert.Equal(cvs, await CountAsync("select count(*) from items where stage = 'embedded' and lease_token is null"));
        Assert.Equal(cvs, await CountAsync("select count(*) from items"));
        Assert.Equal((0, 0), await LostAndDoubleAsync(cvs));
    }

    /// <summary>CVs without a vector, and effects that happened again.</summary>
    public async Task<(long Lost, long Double)> LostAndDoubleAsync(int cvs)
    {
        var lost = cvs - await CountAsync("select count(distinct content_hash) from vectors_1");
        var again = await CountAsync("select (select count(*) - count(distinct item) from ended_items) + (select count(*) - count(distinct content) from made_vectors)");
        return (lost, again);
    }

    /// <summary>The longest time in which nothing was embedded although work was left, from a moment on.</summary>
    public async Task<TimeSpan> LongestPauseAsync(DateTimeOffset since)
    {
        await using var command = _test.Source.CreateCommand("""
            select coalesce(max(gap), interval '0') from (
                select at - greatest($1, coalesce(lag(at) over (order by at), $1)) as gap, at from ended_items) as gaps where at > $1
            """);
        command.Parameters.AddWithValue(since.ToUniversalTime());
        return (TimeSpan)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _test.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>When the last item was embedded.</summary>
    public Task<DateTimeOffset> LastEndAsync() => MomentAsync("select max(at) from ended_items");

    public Task<DateTimeOffset> NowAsync() => MomentAsync("select clock_timestamp()");

    /// <summary>From the first to the last item embedded.</summary>
    public async Task<TimeSpan> TookAsync()
    {
        await using var command = _test.Source.CreateCommand("select max(at) - min(at) from ended_items");
        return (TimeSpan)(await command.ExecuteScalarAsync())!;
    }

    private async Task<DateTimeOffset> MomentAsync(string sql)
    {
        await using var command = _test.Source.CreateCommand(sql);
        return new DateTimeOffset(Convert.ToDateTime(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture), TimeSpan.Zero);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();
}
