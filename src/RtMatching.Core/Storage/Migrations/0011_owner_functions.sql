-- What the tables' owner does for the program while it runs, where the program's role owns nothing (infra/postgres/README.md): the tables and
-- the indexes of profile versions. Each function names what it makes by a stored version's number alone, so that no caller's text becomes SQL.

create function create_vector_tables(profile_version bigint) returns void language plpgsql security definer as $$
declare
    vectors text := 'vectors_' || profile_version;
    passages text := 'passages_' || profile_version;
    dimensions int := (select dimension from profile_versions where id = profile_version);
begin
    if dimensions is null or dimensions not between 1 and 4000 then
        raise exception 'There is no profile version % of 1 to 4000 dimensions.', profile_version using errcode = 'invalid_parameter_value';
    end if;
    execute format('create table %I (
        tenant text not null, kind text not null, content_hash bytea not null, embedding halfvec(%s) not null,
        primary key (tenant, kind, content_hash))', vectors, dimensions);
    execute format('create table %I (
        tenant text not null, kind text not null, content_hash bytea not null, ordinal int not null,
        start int not null, length int not null, section text not null, embedding halfvec(%s) not null,
        primary key (tenant, kind, content_hash, ordinal))', passages, dimensions);
    -- Out of line, every comparison would fetch a vector from another table; plain keeps it in its row where it fits a page.
    execute format('alter table %I alter column embedding set storage %s', vectors, case when dimensions <= 3800 then 'plain' else 'external' end);
    perform watch_vectors(profile_version);
end $$;

-- The HNSW index of one kind, where it is missing and worth it: below 5,000 rows a scan of the whole table answers in a few milliseconds, and is exact.
create function build_vector_index(profile_version bigint, document_kind text) returns void language plpgsql security definer as $$
declare
    vectors text := 'vectors_' || profile_version;
    index_name text := vectors || '_' || document_kind || '_hnsw';
    worth boolean;
begin
    if document_kind is null or document_kind not in ('cv', 'job') or not exists (select from profile_versions where id = profile_version) then
        raise exception 'There is no profile version % with vectors of kind %.', profile_version, document_kind using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext(index_name));     -- One builder at a time; the second finds it done.
    if to_regclass(index_name) is not null then return; end if;
    execute format('select count(*) = 5000 from (select from %I where kind = %L limit 5000) x', vectors, document_kind) into worth;
    if worth then
        -- If not exists: a session may still believe, until it has locked the table, what it saw before it waited.
        execute format('create index if not exists %I on %I using hnsw (embedding halfvec_cosine_ops) with (m = 16, ef_construction = 100) where kind = %L',
            index_name, vectors, document_kind);
    end if;
end $$;

-- They run as the owner: names must mean the same whatever the caller's search_path says and whatever temporary tables it has made.
do $$
declare
    places text := format('%I, %I, pg_temp', current_schema(),
        (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'));
begin
    execute 'alter function create_vector_tables(bigint) set search_path = ' || places;
    execute 'alter function build_vector_index(bigint, text) set search_path = ' || places;
end $$;

revoke execute on function create_vector_tables(bigint), build_vector_index(bigint, text), watch_vectors(bigint) from public;
