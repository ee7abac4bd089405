-- Whole-process profiles captured for a trace, where the samples' own rows do not say so: a span names the file it was
-- written to, and span and file arrive in any order. A tie is a fact of its own, so tying rewrites no sample, and
-- one profile may be tied to every trace that it was taken for.
CREATE TABLE IF NOT EXISTS profile_ties (
  trace_id String,
  profile_id UInt64,
  service LowCardinality(String),
  time DateTime64(9),                             -- of the profile's rows in `samples`: with the service it finds them
  tied_at DateTime64(3) DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(tied_at)
PARTITION BY toDate(time)
ORDER BY (trace_id, profile_id)
SETTINGS {durable};
