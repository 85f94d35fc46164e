-- What could change a ranking, so that rankings that are followed ask one short question instead of ranking again (see RankingWatch).
-- One row for each transaction, tenant and kind that it touches; its number tells later whether a given snapshot saw it.
create table ranking_changes (
    xid                xid8        not null default pg_current_xact_id(),
    tenant             text        not null,
    kind               text        not null,
    profile_version_id bigint      not null,     -- 0: documents, whatever the version; otherwise the version whose vectors changed
    at                 timestamptz not null default now(),
    primary key (xid, tenant, kind, profile_version_id)
);
create index ranking_changes_by_age on ranking_changes (at);

-- Called with the rows that changed in the transition table "changed". Whoever writes also removes, now and then, what nobody asks for
-- any more: followers ask every few seconds, and no transaction lasts a day.
create function note_ranking_changes() returns trigger language plpgsql as $$
begin
    if tg_argv[0] = '0' then
        insert into ranking_changes (tenant, kind, profile_version_id)
        select distinct tenant, kind, 0 from changed where current_version is not null on conflict do nothing;
    else
        insert into ranking_changes (tenant, kind, profile_version_id)
        select distinct tenant, kind, tg_argv[0]::bigint from changed on conflict do nothing;
    end if;
    if random() < 0.01 then
        delete from ranking_changes where ctid = any (array(
            select ctid from ranking_changes where at < now() - interval '1 day' order by at limit 1000 for update skip locked));
    end if;
    return null;
end $$;

create trigger documents_inserted after insert on documents
    referencing new table as changed for each statement execute function note_ranking_changes('0');
create trigger documents_updated after update on documents
    referencing new table as changed for each statement execute function note_ranking_changes('0');
create trigger documents_deleted after delete on documents
    referencing old table as changed for each statement execute function note_ranking_changes('0');

-- The same for a version's vectors: a document may rank in a version before its vectors are there, or again after they were made anew.
create function watch_vectors(profile_version bigint) returns void language plpgsql as $$
begin
    execute format('create trigger vectors_inserted after insert on %I referencing new table as changed '
        'for each statement execute function note_ranking_changes(%L)', 'vectors_' || profile_version, profile_version);
    execute format('create trigger vectors_updated after update on %I referencing new table as changed '
        'for each statement execute function note_ranking_changes(%L)', 'vectors_' || profile_version, profile_version);
end $$;

select watch_vectors(id) from profile_versions;
