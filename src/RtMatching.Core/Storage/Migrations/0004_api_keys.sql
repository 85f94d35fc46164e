-- Keys to the server. The key itself is shown once, to whoever creates it, and stands nowhere.
create table api_keys (
    id           bigint generated always as identity primary key,
    tenant       text        not null default 'default',
    name         text        not null,           -- who or what uses it
    prefix       text        not null,           -- its first characters, to recognise it by
    hash         bytea       not null unique check (octet_length(hash) = 32),   -- SHA-256 of the key
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,                    -- to the minute
    revoked_at   timestamptz
);
