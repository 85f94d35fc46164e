-- Expired leases are looked for every few seconds: only what is leased stands in this index, never the whole queue.
create index items_leased on items (lease_until) where lease_until is not null;
