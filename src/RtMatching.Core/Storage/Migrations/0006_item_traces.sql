-- The W3C traceparent of an item's submission: the stages that follow, in whatever process, add their spans to that trace.
-- Null where the submission was not traced or not sampled.
alter table items add column trace_parent text;
