using System.Text;
using RtMatching.Core.Security;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Security;

public class ApiKeyStoreTests
{
    [Fact]
    public async Task A_key_is_found_by_its_hash_until_it_is_revoked()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ApiKeyStore(test.Database);
        var made = await store.CreateAsync("laptop", "acme");
        Assert.True(ApiKeyText.IsWellFormed(made.Key));
        Assert.StartsWith(made.Stored.Prefix, made.Key, StringComparison.Ordinal);

        var used = await store.UseAsync(ApiKeyText.Hash(made.Key));
        Assert.Equal((made.Stored.Id, "acme", null), (used!.Id, used.Tenant, used.RevokedAt));
        Assert.NotNull((await store.ListAsync()).Single().LastUsedAt);

        var revoked = await store.RevokeAsync(made.Stored.Id);
        Assert.NotNull(revoked.RevokedAt);
        Assert.Equal(revoked.RevokedAt, (await store.UseAsync(ApiKeyText.Hash(made.Key)))!.RevokedAt);
        Assert.Equal(revoked.RevokedAt, (await store.RevokeAsync(made.Stored.Id)).RevokedAt);
    }

    [Fact]
    public async Task A_key_made_elsewhere_is_made_known_once_and_stays_revoked()
    {
        const string Key = "rtm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        await using var test = await TestDatabase.CreateAsync();
        var store = new ApiKeyStore(test.Database);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.AdoptAsync(Key, "deployment")));
        var adopted = Assert.Single(await store.ListAsync());
        Assert.Equal(("deployment", "default", "rtm_AAAAAA"), (adopted.Name, adopted.Tenant, adopted.Prefix));
        Assert.Equal(adopted.Id, (await store.UseAsync(ApiKeyText.Hash(Key)))!.Id);

        await store.RevokeAsync(adopted.Id);
        await store.AdoptAsync(Key, "deployment");
        Assert.NotNull(Assert.Single(await store.ListAsync()).RevokedAt);
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => store.AdoptAsync("rtm_secret", "deployment"));
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_never_holds_the_key_itself()
    {
        await using var test = await TestDatabase.CreateAsync();
        var made = await new ApiKeyStore(test.Database).CreateAsync("laptop");
        await using var dump = test.Source.CreateCommand("select string_agg(k::text, ' ') || encode(hash, 'escape') from api_keys k group by hash");
        Assert.DoesNotContain(made.Key[made.Stored.Prefix.Length..], (string)(await dump.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_use_is_noted_at_most_once_a_minute()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ApiKeyStore(test.Database);
        var made = await store.CreateAsync("laptop");
        await store.UseAsync(ApiKeyText.Hash(made.Key));
        var first = (await store.ListAsync()).Single().LastUsedAt;
        await store.UseAsync(ApiKeyText.Hash(made.Key));
        Assert.Equal(first, (await store.ListAsync()).Single().LastUsedAt);

        await test.CountAsync("with old as (update api_keys set last_used_at = now() - interval '2 minutes' returning 1) select count(*) from old");
        await store.UseAsync(ApiKeyText.Hash(made.Key));
        Assert.True((await store.ListAsync()).Single().LastUsedAt >= first);
    }

    [Fact]
    public async Task Unknown_keys_and_numbers_and_empty_names_are_refused()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new ApiKeyStore(test.Database);
        Assert.Null(await store.UseAsync(ApiKeyText.Hash("rtm_unknown")));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => store.RevokeAsync(7));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CreateAsync(" "));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CreateAsync("a\nb"));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CreateAsync(new StringBuilder().Append('x', 101).ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rtm_")]
    [InlineData("sk-0123456789012345678901234567890123456789012")]
    [InlineData("rtm_012345678901234567890123456789012345678901!")]
    public void What_cannot_be_a_key_is_told_without_a_query(string text) => Assert.False(ApiKeyText.IsWellFormed(text));
}
