-- The status view asks these every few seconds, also beside a million items that ended long ago.

create index ingestions_open on ingestions (id) where state in ('pending', 'running');

-- How fast work goes: what it brought to an end in the last minute.
create index items_ended on items (updated_at) include (ingestion_id) where stage in ('embedded', 'rejected', 'dead');

-- What came to no good end in the last day, and how many dead letters there are.
create index items_failed on items (updated_at) include (stage) where stage in ('rejected', 'dead');
