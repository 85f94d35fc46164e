-- What the writer (the program) and the reader (reports) may do. 'rtmatch db migrate' runs this as the owner after every change of the tables,
-- and puts the names in; it may run any number of times. infra/postgres/README.md says who is who.
-- What stands in no line here the writer may read and write, and the reader may not see.

revoke all on database :"database" from public;
grant connect on database :"database" to :"writer", :"reader";
grant temporary on database :"database" to :"writer";               -- vectors pass through a temporary table on their way in
revoke all on schema :"schema" from public;
grant usage on schema :"schema" to :"writer", :"reader";

-- Tables to come: those of new profile versions are made while the program runs.
alter default privileges for role :"owner" grant select, insert, update, delete on tables to :"writer";
alter default privileges for role :"owner" revoke execute on functions from public;

-- The writer: rows, and of these only what the program does with them. What goes with a deleted document or ranking is deleted by the owner,
-- through foreign keys.
grant select, insert, update, delete on all tables in schema :"schema" to :"writer";
revoke insert, update, delete on schema_migrations from :"writer";
revoke update on contents from :"writer";
grant update (created_at) on contents to :"writer";                 -- to lock a row; bytes and their hash never change
revoke update, delete on document_versions from :"writer";
revoke delete on profiles, profile_versions, ingestions, items, bulk_ranking_jobs from :"writer";
revoke update, delete on term_frequencies from :"writer";
revoke all on api_keys from :"writer";
grant select, insert (tenant, name, prefix, hash), update (last_used_at, revoked_at) on api_keys to :"writer";
grant execute on function create_vector_tables(bigint), build_vector_index(bigint, text) to :"writer";

-- Orleans's tables: the statements in OrleansQuery are run by every silo, so that no silo may change them.
grant usage on schema orleans to :"writer";
grant select, insert, update, delete on orleans.membership_version, orleans.membership, orleans.reminders to :"writer";
revoke insert, update, delete on orleans.tables_version, orleans.OrleansQuery from :"writer";
grant select on orleans.tables_version, orleans.OrleansQuery to :"writer";

-- The reader: how much there is, of what kind, since when, and how far work has come. No text and no vector made of one, no bytes, no file
-- name, source or id of a document (people name files after themselves), no reason of a failure (it may quote one of these), no key.
revoke all on all tables in schema :"schema" from :"reader";
grant select on schema_migrations, profiles, profile_versions, term_samples to :"reader";
grant select (id, tenant, kind, current_version, tags, location, language, dated_on, created_at, updated_at) on documents to :"reader";
grant select (document_id, version, tenant, created_at) on document_versions to :"reader";
grant select (tenant, created_at) on contents to :"reader";
grant select (tenant, preparation, outcome, format, language) on texts to :"reader";
grant select (id, tenant, kind, profile_version_id, reembed, state, submitted, created_at, finished_at) on ingestions to :"reader";
grant select (id, ingestion_id, tenant, document_id, version, stage, outcome, attempts, not_before, lease_until, created_at, updated_at)
    on items to :"reader";
grant select (id, tenant, profile_version_id, state, submitted, created_at, touched_at, started_at, finished_at) on bulk_rankings to :"reader";
grant select (bulk_ranking_id, position, document_id, attempts, not_before, lease_until, ended_at) on bulk_ranking_jobs to :"reader";
grant select (id, tenant, name, created_at, last_used_at, revoked_at) on api_keys to :"reader";
