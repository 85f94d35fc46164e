-- Rankings of many jobs at once, on their way and done: each job's line stands here until the ranking is deleted.

create table bulk_rankings (
    id                 bigint generated always as identity primary key,
    tenant             text        not null default 'default',
    profile_version_id bigint      not null references profile_versions,
    settings           jsonb       not null,     -- a RankingRequest: top, mode, exact, filter
    state              text        not null default 'pending'
                       check (state in ('pending', 'running', 'done', 'cancelled')),
    submitted          boolean     not null default false,   -- every job has been handed in
    created_at         timestamptz not null default now(),
    touched_at         timestamptz not null default now(),   -- when the last jobs were handed in
    started_at         timestamptz,
    finished_at        timestamptz
);
create index bulk_rankings_by_tenant on bulk_rankings (tenant, id);
create index bulk_rankings_open on bulk_rankings (id) where state in ('pending', 'running');

create table bulk_ranking_jobs (
    bulk_ranking_id bigint      not null references bulk_rankings on delete cascade,
    position        bigint      not null,        -- from 1, in the order of the result
    name            text        not null,        -- the document's external id, or the line's id
    document_id     bigint,                      -- of a stored job, which may be deleted meanwhile
    text            text,                        -- of a job that is not stored; null once it is ranked
    attempts        int         not null default 0,
    not_before      timestamptz not null default now(),
    lease_token     uuid,
    lease_until     timestamptz,
    line            text,                        -- its ranking, as a line of JSON
    problem         text,                        -- why it has none; never a piece of the text
    ended_at        timestamptz,
    primary key (bulk_ranking_id, position)
);
create index bulk_ranking_jobs_open on bulk_ranking_jobs (bulk_ranking_id, position) where ended_at is null;
create index bulk_ranking_jobs_ended on bulk_ranking_jobs (bulk_ranking_id, ended_at) where ended_at is not null;
