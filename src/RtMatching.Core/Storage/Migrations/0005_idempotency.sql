-- What an Idempotency-Key stands for: a submission that is sent again finds what the first one made, and does not make it twice.
create table idempotency_keys (
    tenant       text        not null,
    key          text        not null,
    operation    text        not null,           -- what was asked for: ingestion, bulk_ranking, ...
    parameters   bytea       not null,           -- SHA-256 of what it was asked with, the body apart
    subject_id   bigint      not null,           -- what it made: the id of the ingestion, of the bulk ranking, ...
    completed_at timestamptz,                    -- null while the submission is under way or was cut off
    created_at   timestamptz not null default now(),
    primary key (tenant, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- What further parts of an ingestion are read with: {"source","tags","mapping"}; null where nothing is handed in (re-embedding).
alter table ingestions add column request jsonb;
