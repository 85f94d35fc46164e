-- Makes the three roles of an RtMatching database, and gives the database and what is in it to the first of them. Run by a superuser, once for
-- each database and again whenever something is amiss; nothing is lost by it. README.md beside it says what follows.
--
--     psql -d rtmatch -f infra/postgres/roles.sql
--
-- rtmatch_owner    owns every table: for 'rtmatch db migrate', backup and restore
-- rtmatch_writer   the program: rows, never tables
-- rtmatch_reader   reports
--
-- -v prefix=NAME names them NAME_owner, ...: two databases on one server want roles of their own.
-- Passwords are taken from the environment where it has them (RTMATCH_OWNER_PASSWORD, RTMATCH_WRITER_PASSWORD, RTMATCH_READER_PASSWORD) and
-- otherwise stay as they are: \password rtmatch_owner sets one. A role without a password logs in only where the server asks for none.

\set ON_ERROR_STOP on
\if :{?prefix}
\else
    \set prefix rtmatch
\endif
\set owner :prefix _owner
\set writer :prefix _writer
\set reader :prefix _reader

-- Or the server's log could come to hold the passwords below.
select rolsuper as super from pg_roles where rolname = current_user \gset
\if :super
    set log_statement = 'none';
    set log_min_duration_statement = -1;
    set log_min_error_statement = panic;
\endif

select format('create role %I login', name) from (values (:'owner'), (:'writer'), (:'reader')) wanted(name)
where not exists (select from pg_roles where rolname = name) \gexec
alter role :"writer" nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role :"reader" nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role :"reader" set default_transaction_read_only = on;
\if :super
\else
    grant :"owner" to current_user;     -- whoever administers a server without being its superuser gives away only to roles of his own
\endif

\set password
\getenv password RTMATCH_OWNER_PASSWORD
select format('alter role %I password %L', :'owner', :'password') where :'password' <> '' \gexec
\set password
\getenv password RTMATCH_WRITER_PASSWORD
select format('alter role %I password %L', :'writer', :'password') where :'password' <> '' \gexec
\set password
\getenv password RTMATCH_READER_PASSWORD
select format('alter role %I password %L', :'reader', :'password') where :'password' <> '' \gexec
\unset password

alter database :"DBNAME" owner to :"owner";
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to :"writer", :"reader";      -- what else they may: grants.sql, which 'rtmatch db migrate' runs
create extension if not exists vector;

-- What a program that owned its tables has made here goes to the owner.
select format('alter schema orleans owner to %I', :'owner') from pg_namespace where nspname = 'orleans' \gexec
select format('alter table %s owner to %I', c.oid::regclass, :'owner') from pg_class c
where c.relnamespace in (to_regnamespace('public'), to_regnamespace('orleans')) and c.relkind in ('r', 'p', 'v', 'm')
    and c.relowner <> :'owner'::regrole
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') \gexec
select format('alter function %s owner to %I', p.oid::regprocedure, :'owner') from pg_proc p
where p.pronamespace = to_regnamespace('public') and p.proowner <> :'owner'::regrole
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') \gexec
