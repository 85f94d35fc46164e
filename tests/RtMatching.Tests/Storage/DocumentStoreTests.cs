using Npgsql;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class DocumentStoreTests
{
    [Fact]
    public async Task Lists_by_kind_source_id_and_page()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new DocumentStore(test.Database);
        var a = await test.AddAsync("a", "text a");
        var b = await test.AddAsync("b", "text b", kind: DocumentKind.Job);
        Assert.Equal([a, b], (await store.ListAsync(new DocumentQuery())).Select(d => d.Id));
        Assert.Equal([b], (await store.ListAsync(new DocumentQuery { Kind = DocumentKind.Job })).Select(d => d.Id));
        Assert.Equal([b], (await store.ListAsync(new DocumentQuery { After = a })).Select(d => d.Id));
        Assert.Equal([a], (await store.ListAsync(new DocumentQuery { ExternalId = "a" })).Select(d => d.Id));
        Assert.Equal("text a", (await store.TextAsync(a))!.Body);
        Assert.Null(await store.FindAsync(b + 1));
    }

    [Fact]
    public async Task Another_tenants_document_is_neither_read_nor_deleted()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new DocumentStore(test.Database);
        var id = await test.AddAsync("a", "text a");
        Assert.Null(await store.FindAsync(id, "another"));
        Assert.Null(await store.TextAsync(id, "another"));
        Assert.False(await store.DeleteAsync(id, "another"));
        Assert.Equal("text a", (await store.TextAsync(id))!.Body);
    }

    /// <summary>Random puts, changes and deletions with few contents, so that documents share them, against a plain model.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Bytes_texts_and_vectors_live_exactly_as_long_as_a_document_uses_them(int seed)
    {
        await using var test = await TestDatabase.CreateAsync();
        var profile = await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile());
        var store = new DocumentStore(test.Database);
        var random = new Random(seed);
        var model = new Dictionary<long, List<string>>();   // Versions of each document.
        for (var step = 0; step < 40; step++)
        {
            if (model.Count > 0 && random.Next(3) == 0)
            {
                var victim = model.Keys.ElementAt(random.Next(model.Count));
                model.Remove(victim);
                Assert.True(await store.DeleteAsync(victim));
                Assert.False(await store.DeleteAsync(victim));
            }
            else
            {
                var content = $"content {random.Next(5)}";
                var id = await test.AddAsync($"document {random.Next(6)}", content, profile);
                if (!model.TryGetValue(id, out var versions)) model[id] = versions = [];
                versions.Add(content);
            }

            var used = model.Values.SelectMany(versions => versions).Distinct().Count();
            Assert.Equal(used, await test.CountAsync("select count(*) from contents"));
            Assert.Equal(used, await test.CountAsync("select count(*) from texts"));
            Assert.Equal(used, await test.CountAsync($"select count(*) from vectors_{profile.Id}"));
            Assert.Equal(model.Count, await test.CountAsync("select count(*) from documents"));
        }
    }

    [Fact]
    public async Task The_vector_of_a_cv_goes_although_a_job_has_the_same_content()
    {
        await using var test = await TestDatabase.CreateAsync();
        var profile = await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile());
        var cv = await test.AddAsync("cv", "the same", profile);
        await test.AddAsync("job", "the same", profile, DocumentKind.Job);
        await new DocumentStore(test.Database).DeleteAsync(cv);
        Assert.Equal(0, await test.CountAsync($"select count(*) from vectors_{profile.Id} where kind = 'cv'"));
        Assert.Equal(1, await test.CountAsync($"select count(*) from vectors_{profile.Id} where kind = 'job'"));
        Assert.Equal(1, await test.CountAsync("select count(*) from contents"));
    }

    [Fact]
    public async Task Deleting_waits_for_a_document_that_is_just_being_given_the_same_content()
    {
        await using var test = await TestDatabase.CreateAsync();
        var profile = await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile());
        var first = await test.AddAsync("first", "shared", profile);
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var add = new NpgsqlCommand("""
            with d as (insert into documents (source, external_id, kind, current_version, content_hash)
                values ('test', 'second', 'cv', 1, $1) returning id)
            insert into document_versions (document_id, version, tenant, content_hash) select id, 1, 'default', $1 from d
            """, connection, transaction) { Parameters = { new() { Value = StoredDocuments.Hash("shared") } } };
        await add.ExecuteNonQueryAsync();

        var deleting = new DocumentStore(test.Database).DeleteAsync(first);
        const string Waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while (await test.CountAsync(Waiting) == 0 && !deleting.IsCompleted) await Task.Delay(10);
        await transaction.CommitAsync();

        Assert.True(await deleting);
        Assert.Equal(1, await test.CountAsync("select count(*) from contents"));
        Assert.Equal(1, await test.CountAsync($"select count(*) from vectors_{profile.Id}"));
    }
}
