-- The tables that silos find each other by (membership) and that wake grains (reminders), and the statements with which Orleans's ADO.NET
-- providers ask for them. The providers carry no SQL: they read it from OrleansQuery by key, and fix only the keys, the parameters and the
-- names of the results' columns (https://learn.microsoft.com/dotnet/orleans/host/configuration-guide/adonet-configuration).
--
-- rtmatch-silo runs this file when it starts, and 'rtmatch db migrate' for silos that own nothing; by hand: psql -v ON_ERROR_STOP=1 -f
-- postgres.sql. It may run any number of times. To change something, append statements that change what an earlier version made, and raise the
-- number in both places below and in ClusterTables.cs. Silos of the last version go on running meanwhile: columns are added, never dropped or
-- renamed in the same step.

begin;
select pg_advisory_xact_lock(x'72746f726c65616e'::bigint);     -- "rtorlean": silos that start together run it one after another

-- "create schema if not exists" may still take the schema for absent that another session made during that wait, and fail: only a look into
-- a table, the catalogue's here, makes this session hear of it.
do $$
begin
    if not exists (select from pg_namespace where nspname = 'orleans') then
        create schema orleans;
    end if;
end $$;

create table if not exists orleans.tables_version (
    version int primary key,
    applied_at timestamptz not null default now());

do $$
begin
    if exists (select from orleans.tables_version where version > 1) then
        raise exception 'The tables of Orleans were made by a newer version of rtmatch-silo; this file would take its statements back.';
    end if;
end $$;

-- One row for each cluster. Whoever changes the membership takes the version from n to n + 1, and only one of those who saw n succeeds.
create table if not exists orleans.membership_version (
    cluster text primary key,
    version int not null default 0,
    changed_at timestamptz not null default now());

-- A silo is an address and the time it started (generation): a process started again at the same address is another silo.
create table if not exists orleans.membership (
    cluster text not null references orleans.membership_version,
    address text not null,
    port int not null,
    generation int not null,
    silo_name text not null,
    host_name text not null,
    status int not null,            -- Orleans.Runtime.SiloStatus: 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead
    proxy_port int not null,        -- of its gateway for clients; 0 without one
    suspicions text,                -- who suspects it since when, as the provider writes it
    started_at timestamptz not null,
    alive_at timestamptz not null,
    primary key (cluster, address, port, generation));

create table if not exists orleans.reminders (
    service text not null,
    grain_id text not null,
    name text not null,
    starts_at timestamptz not null,
    period_ms bigint not null,
    grain_hash int not null,        -- where the grain lies on the ring that silos share out; signed, as the provider sends it
    version int not null default 0, -- the etag
    primary key (service, grain_id, name));

create index if not exists reminders_hash on orleans.reminders (service, grain_hash);

create table if not exists orleans.OrleansQuery (QueryKey text primary key, QueryText text not null);

insert into orleans.OrleansQuery (QueryKey, QueryText) values

-- Membership. Every reading statement gives the cluster's version, in one row without a silo where there is none.

('InsertMembershipVersionKey', $sql$
    with made as (
        insert into orleans.membership_version (cluster) values (@DeploymentId) on conflict (cluster) do nothing returning 1)
    select exists (select from made)
$sql$),

('MembershipReadAllKey', $sql$
    select v.version as Version, m.address as Address, m.port as Port, m.generation as Generation, m.silo_name as SiloName,
        m.host_name as HostName, m.status as Status, m.proxy_port as ProxyPort, m.suspicions as SuspectTimes,
        m.started_at as StartTime, m.alive_at as IAmAliveTime
    from orleans.membership_version v left join orleans.membership m on m.cluster = v.cluster
    where v.cluster = @DeploymentId
$sql$),

('MembershipReadRowKey', $sql$
    select v.version as Version, m.address as Address, m.port as Port, m.generation as Generation, m.silo_name as SiloName,
        m.host_name as HostName, m.status as Status, m.proxy_port as ProxyPort, m.suspicions as SuspectTimes,
        m.started_at as StartTime, m.alive_at as IAmAliveTime
    from orleans.membership_version v
    left join orleans.membership m on m.cluster = v.cluster and m.address = @Address and m.port = @Port and m.generation = @Generation
    where v.cluster = @DeploymentId
$sql$),

-- The version's row is locked by its update: who waits for it sees another version afterwards, and changes nothing.
('InsertMembershipKey', $sql$
    with turn as (
        update orleans.membership_version set version = version + 1, changed_at = now()
        where cluster = @DeploymentId and version = @Version and not exists (
            select from orleans.membership
            where cluster = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
        returning cluster),
    made as (
        insert into orleans.membership (
            cluster, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
        select cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime from turn
        returning 1)
    select exists (select from made)
$sql$),

('UpdateMembershipKey', $sql$
    with turn as (
        update orleans.membership_version set version = version + 1, changed_at = now()
        where cluster = @DeploymentId and version = @Version and exists (
            select from orleans.membership
            where cluster = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
        returning cluster),
    changed as (
        update orleans.membership m set status = @Status, suspicions = @SuspectTimes, alive_at = @IAmAliveTime
        from turn where m.cluster = turn.cluster and m.address = @Address and m.port = @Port and m.generation = @Generation
        returning 1)
    select exists (select from changed)
$sql$),

-- A sign of life changes nobody's view of the cluster, so the version stays.
('UpdateIAmAlivetimeKey', $sql$
    update orleans.membership set alive_at = @IAmAliveTime
    where cluster = @DeploymentId and address = @Address and port = @Port and generation = @Generation
$sql$),

('GatewaysQueryKey', $sql$
    select address as Address, proxy_port as ProxyPort, generation as Generation from orleans.membership
    where cluster = @DeploymentId and status = @Status and proxy_port > 0
$sql$),

-- Those that are neither active nor gave a sign of life since; one that never got so far counts from its start.
('CleanupDefunctSiloEntriesKey', $sql$
    delete from orleans.membership
    where cluster = @DeploymentId and status <> 3 and greatest(alive_at, started_at) < @IAmAliveTime
$sql$),

('DeleteMembershipTableEntriesKey', $sql$
    with members as (delete from orleans.membership where cluster = @DeploymentId)
    delete from orleans.membership_version where cluster = @DeploymentId
$sql$),

-- Reminders. A silo reads those of its part of the ring: (begin, end], or around the ring's end.

('ReadReminderRowKey', $sql$
    select grain_id as GrainId, name as ReminderName, starts_at as StartTime, period_ms as Period, version as Version
    from orleans.reminders where service = @ServiceId and grain_id = @GrainId and name = @ReminderName
$sql$),

('ReadReminderRowsKey', $sql$
    select grain_id as GrainId, name as ReminderName, starts_at as StartTime, period_ms as Period, version as Version
    from orleans.reminders where service = @ServiceId and grain_id = @GrainId
$sql$),

('ReadRangeRows1Key', $sql$
    select grain_id as GrainId, name as ReminderName, starts_at as StartTime, period_ms as Period, version as Version
    from orleans.reminders where service = @ServiceId and grain_hash > @BeginHash and grain_hash <= @EndHash
$sql$),

('ReadRangeRows2Key', $sql$
    select grain_id as GrainId, name as ReminderName, starts_at as StartTime, period_ms as Period, version as Version
    from orleans.reminders where service = @ServiceId and (grain_hash > @BeginHash or grain_hash <= @EndHash)
$sql$),

('UpsertReminderRowKey', $sql$
    insert into orleans.reminders (service, grain_id, name, starts_at, period_ms, grain_hash)
    values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash)
    on conflict (service, grain_id, name) do update set
        starts_at = excluded.starts_at, period_ms = excluded.period_ms, grain_hash = excluded.grain_hash, version = orleans.reminders.version + 1
    returning version as Version
$sql$),

('DeleteReminderRowKey', $sql$
    with gone as (
        delete from orleans.reminders
        where service = @ServiceId and grain_id = @GrainId and name = @ReminderName and version = @Version
        returning 1)
    select exists (select from gone)
$sql$),

('DeleteReminderRowsKey', $sql$
    delete from orleans.reminders where service = @ServiceId
$sql$)

on conflict (QueryKey) do update set QueryText = excluded.QueryText;

insert into orleans.tables_version (version) values (1) on conflict do nothing;
commit;
