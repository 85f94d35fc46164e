-- Everything but the vectors: those stand in tables of their own, one pair for each profile version (see VectorStore).

create extension if not exists vector;

-- The original bytes, once for each content.
create table contents (
    tenant      text        not null,
    hash        bytea       not null check (octet_length(hash) = 32),   -- SHA-256 of bytes
    bytes       bytea       not null,
    created_at  timestamptz not null default now(),
    primary key (tenant, hash)
);

-- A stored CV or job. It points at its current version: the newest one that has been embedded, so that a
-- candidate never drops out of the rankings while a changed CV is still being worked on.
create table documents (
    id              bigint generated always as identity primary key,
    tenant          text        not null default 'default',
    source          text        not null,
    external_id     text        not null,
    kind            text        not null check (kind in ('cv', 'job')),
    current_version int,                        -- null until the first version is embedded
    content_hash    bytea,                      -- of the current version
    tags            text[]      not null default '{}',
    location        text,
    language        text,
    dated_on        date,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    unique (tenant, source, external_id)
);
create index documents_by_content on documents (tenant, content_hash);
create index documents_by_tags on documents using gin (tags);

create table document_versions (
    document_id  bigint      not null references documents on delete cascade,
    version      int         not null,
    tenant       text        not null,
    content_hash bytea       not null,
    created_at   timestamptz not null default now(),
    primary key (document_id, version),
    foreign key (tenant, content_hash) references contents (tenant, hash)
);
create index document_versions_by_content on document_versions (tenant, content_hash);

-- What parsing made of a content; again for each version of the text preparation.
create table texts (
    tenant       text     not null,
    content_hash bytea    not null,
    preparation  int      not null,
    outcome      text     not null,
    format       text     not null,
    detail       text,
    language     text,
    body         text     not null,             -- as parsed; passages quote it by offset
    sections     jsonb    not null default '[]',-- [{"kind","start","length"}], offsets in UTF-16 units of body
    search       tsvector not null,             -- of the redacted body
    primary key (tenant, content_hash, preparation),
    foreign key (tenant, content_hash) references contents (tenant, hash) on delete cascade
);
create index texts_search on texts using gin (search);

create table profiles (
    name              text   primary key,
    active_version_id bigint                     -- the version that rankings use
);

create table profile_versions (
    id         bigint generated always as identity primary key,
    name       text        not null references profiles,
    version    int         not null,
    settings   jsonb       not null,             -- a TaskProfile
    dimension  int         not null,
    created_at timestamptz not null default now(),
    unique (name, version)
);
alter table profiles add foreign key (active_version_id) references profile_versions;

create table ingestions (
    id                 bigint generated always as identity primary key,
    tenant             text        not null default 'default',
    kind               text        not null check (kind in ('cv', 'job')),
    source             text        not null,
    profile_version_id bigint      not null references profile_versions,
    reembed            boolean     not null default false,
    state              text        not null default 'pending'
                       check (state in ('pending', 'running', 'done', 'cancelled', 'failed')),
    submitted          boolean     not null default false,   -- every item has been handed in
    created_at         timestamptz not null default now(),
    finished_at        timestamptz
);

-- The work queue: one row per item, queued -> parsed -> embedded; each stage is leased on its own.
create table items (
    id           bigint generated always as identity primary key,
    ingestion_id bigint      not null references ingestions on delete cascade,
    tenant       text        not null,
    external_id  text        not null,
    document_id  bigint      references documents on delete cascade,
    version      int,
    content_hash bytea,
    stage        text        not null default 'queued'
                 check (stage in ('queued', 'parsed', 'embedded', 'unchanged', 'rejected', 'dead', 'cancelled')),
    outcome      text,                           -- the document's outcome once parsed (ok, empty, needs_ocr, ...)
    detail       text,                           -- why it was rejected or is dead; never the document's text
    attempts     int         not null default 0,
    not_before   timestamptz not null default now(),
    lease_token  uuid,
    lease_until  timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (ingestion_id, external_id)
);
create index items_claimable on items (stage, not_before, id) where stage in ('queued', 'parsed');
create index items_by_document on items (document_id);
create index items_by_ingestion on items (ingestion_id, stage);
