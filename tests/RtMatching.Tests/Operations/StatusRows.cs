using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Operations;

/// <summary>Rows of a queue in every state that a status tells apart.</summary>
internal static class StatusRows
{
    public const string HostileSource = "<script>alert(1)</script>\" onload='x' <img src=//evil.example/x.png>";

    /// <summary>A name that no report may show.</summary>
    public const string ExternalId = "Jane-Doe-cv.pdf";

    /// <summary>
    /// Ingestion 1, running: 2 waiting and 1 leased to parse, 1 delayed, 1 stalled to embed, 30 embedded in the last minute and 5 before,
    /// 3 rejected for two reasons, 1 dead. Ingestion 2, done three days ago after 90 s: 4 embedded. Ingestion 3, failed, with 1 item left.
    /// </summary>
    public static async Task<ProfileVersion> AddAsync(TestDatabase test)
    {
        var profile = await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile());
        await test.AddAsync("one", "a first CV", profile);
        await test.AddAsync("two", "a second CV");
        await using var command = test.Source.CreateCommand($"""
            insert into ingestions (kind, source, profile_version_id, state, submitted, created_at, finished_at) values
                ('cv', '{HostileSource.Replace("'", "''", StringComparison.Ordinal)}', {profile.Id}, 'running', true, now() - interval '10 minutes', null),
                ('job', 'careers', {profile.Id}, 'done', true, now() - interval '3 days 90 seconds', now() - interval '3 days'),
                ('cv', 'broken off', {profile.Id}, 'failed', false, now() - interval '4 days', now() - interval '4 days');
            insert into items (ingestion_id, tenant, external_id, stage, outcome, detail, not_before, lease_token, lease_until, updated_at)
            select r.ingestion, 'default', r.ingestion || '-' || r.name || '-' || n || '-{ExternalId}', r.stage, r.outcome, r.detail || n || '.', now() - r.ready,
                case when r.lease is not null then gen_random_uuid() end, now() + r.lease, now() - r.age
            from (values
                (1, 'waiting', 2, 'queued', null, null, interval '5 minutes', null, interval '5 minutes'),
                (1, 'leased', 1, 'queued', null, null, interval '6 minutes', interval '20 s', interval '5 minutes'),
                (1, 'delayed', 1, 'queued', null, null, interval '-1 hour', null, interval '5 minutes'),
                (1, 'stalled', 1, 'parsed', 'ok', null, interval '7 minutes', interval '-10 s', interval '5 minutes'),
                (1, 'fresh', 30, 'embedded', 'ok', null, interval '0', null, interval '10 s'),
                (1, 'earlier', 5, 'embedded', 'ok', null, interval '0', null, interval '3 minutes'),
                (1, 'scan', 2, 'rejected', 'needs_ocr', 'a scan; page ', interval '0', null, interval '2 hours'),
                (1, 'blank', 1, 'rejected', 'empty', 'blank ', interval '0', null, interval '3 hours'),
                (1, 'dead', 1, 'dead', 'ok', 'Embedding failed: ', interval '0', null, interval '4 hours'),
                (1, 'old', 1, 'rejected', 'corrupt', 'long ago ', interval '0', null, interval '2 days'),
                (2, 'done', 4, 'embedded', 'ok', null, interval '0', null, interval '3 days'),
                (3, 'left', 1, 'queued', null, null, interval '4 days', null, interval '4 days')
            ) as r(ingestion, name, count, stage, outcome, detail, ready, lease, age) cross join lateral generate_series(1, r.count) n
            """);
        await command.ExecuteNonQueryAsync();
        return profile;
    }
}
