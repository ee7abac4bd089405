-- Spans: the columns of the OpenTelemetry Collector's ClickHouse exporter, ours after them with defaults, so
-- that rows the exporter writes and rows we write are of one kind.
CREATE TABLE IF NOT EXISTS otel_traces (
  Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
  TraceId String CODEC(ZSTD(1)),
  SpanId String CODEC(ZSTD(1)),
  ParentSpanId String CODEC(ZSTD(1)),
  TraceState String CODEC(ZSTD(1)),
  SpanName LowCardinality(String) CODEC(ZSTD(1)),
  SpanKind LowCardinality(String) CODEC(ZSTD(1)),
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion String CODEC(ZSTD(1)),
  SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  Duration UInt64 CODEC(ZSTD(1)),
  StatusCode LowCardinality(String) CODEC(ZSTD(1)),
  StatusMessage String CODEC(ZSTD(1)),
  Events Nested (
    Timestamp DateTime64(9),
    Name LowCardinality(String),
    Attributes Map(LowCardinality(String), String)
  ) CODEC(ZSTD(1)),
  Links Nested (
    TraceId String,
    SpanId String,
    TraceState String,
    Attributes Map(LowCardinality(String), String)
  ) CODEC(ZSTD(1)),
  -- Ours. Endpoint: of an entry (local-root) span, else ''. Source: 'sample' for the recorded demo shop.
  Endpoint LowCardinality(String) DEFAULT '',
  IsEntry UInt8 DEFAULT SpanKind IN ('Server', 'Consumer') OR ParentSpanId = '',
  Source LowCardinality(String) DEFAULT '',
  IngestedAt DateTime64(3) DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_ingested_at IngestedAt TYPE minmax GRANULARITY 1,
  -- Lives inside each part, so it is exactly as durable and atomic as the rows: 6 bytes a span.
  PROJECTION by_trace (SELECT TraceId, _part_offset ORDER BY TraceId)
) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
-- A trace is a few rows here and there, and their attributes are wide: small granules read 0.3 of the bytes.
SETTINGS {durable}, index_granularity = 1024, lightweight_mutation_projection_mode = 'rebuild';

-- One row a trace, derived from its spans and samples and rewritten whole whenever they change (settle-traces.ts).
CREATE TABLE IF NOT EXISTS traces (
  start_hour DateTime CODEC(Delta, ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  start DateTime64(9) CODEC(Delta, ZSTD(1)),
  duration_ns UInt64 CODEC(ZSTD(1)),
  root_service LowCardinality(String),
  root_name LowCardinality(String),
  endpoint LowCardinality(String),
  services Array(LowCardinality(String)),
  entry_services Array(LowCardinality(String)),   -- parallel to the next two, in order of entry
  entry_endpoints Array(LowCardinality(String)),
  entry_samples Array(UInt32),                    -- CPU samples of the trace in that service, at its first entry there
  span_count UInt32,
  error_count UInt32,
  cpu_ns UInt64,
  sample_count UInt32,
  unexplained_ns UInt64,
  top_function String CODEC(ZSTD(1)),
  settled_at DateTime64(3),
  ingested_until DateTime64(3),                   -- whatever was ingested before it is settled, in this row's trace and all others
  is_deleted UInt8 DEFAULT 0
) ENGINE = ReplacingMergeTree(settled_at, is_deleted)
PARTITION BY toDate(start_hour)
ORDER BY (start_hour, trace_id)
SETTINGS {durable};

-- One row per pprof sample and sample type. A profile is inserted in one block of one partition, so it is stored
-- whole or not at all, in both orders and in the roll-up, which are projections of the same part.
CREATE TABLE IF NOT EXISTS samples (
  service LowCardinality(String),
  type LowCardinality(String),                    -- cpu, alloc_space, goroutine, mutex, wall, ... (lib/profile/sample-type.ts)
  time DateTime64(9) CODEC(Delta, ZSTD(1)),       -- start of the profile's window; pprof samples have no time of their own
  endpoint LowCardinality(String),                -- from a label; '' is resolved through the trace's entry span when read
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  root_span_id String CODEC(ZSTD(1)),
  tie Enum8('none' = 0, 'process' = 1, 'trace' = 2, 'span' = 3),
  stack_id UInt64 CODEC(ZSTD(1)),
  value Int64 CODEC(ZSTD(1)),                     -- in the unit of the type
  count UInt32 CODEC(ZSTD(1)),                    -- samples behind the value
  is_primary UInt8,                               -- 1 on the one type of a profile that carries its sample count
  period_ns UInt64 CODEC(ZSTD(1)),                -- 0 when the profile is not sampled by time
  duration_ns UInt64 CODEC(ZSTD(1)),
  labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  profile_id UInt64 CODEC(ZSTD(1)),
  source LowCardinality(String),
  ingested_at DateTime64(3) DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  INDEX idx_ingested_at ingested_at TYPE minmax GRANULARITY 1,
  -- Samples that name a span but no trace, rare or everywhere: where there are none, none are looked for. A query uses
  -- it by these very words (resolve-selector.ts).
  INDEX idx_span_only if(empty(trace_id), length(span_id) + length(root_span_id), 0) TYPE minmax GRANULARITY 1,
  PROJECTION by_trace (SELECT trace_id, _part_offset ORDER BY trace_id),
  PROJECTION by_minute (
    SELECT service, type, endpoint, toStartOfMinute(time), sum(value), sum(count)
    GROUP BY service, type, endpoint, toStartOfMinute(time)
  )
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (service, type, time, endpoint, trace_id)
SETTINGS {durable}, lightweight_mutation_projection_mode = 'rebuild';

-- Root first. `lines` is parallel to `functions`. A node of the merged call tree is named by its path: the running
-- sum of a hash of (function, depth), the same in every stack that shares the prefix.
CREATE TABLE IF NOT EXISTS stacks (
  service LowCardinality(String),
  stack_id UInt64,
  functions Array(UInt64) CODEC(ZSTD(1)),
  lines Array(UInt32) CODEC(ZSTD(1)),
  last_seen Date,
  nodes Array(UInt64) ALIAS arrayCumSum(arrayMap((f, i) -> cityHash64(f, i), functions, arrayEnumerate(functions)))
) ENGINE = ReplacingMergeTree(last_seen)
ORDER BY (service, stack_id)
SETTINGS {durable}, index_granularity = 512;

CREATE TABLE IF NOT EXISTS functions (
  function_id UInt64,
  name String CODEC(ZSTD(1)),
  system_name String CODEC(ZSTD(1)),
  file String CODEC(ZSTD(1)),
  start_line UInt32,
  last_seen Date
) ENGINE = ReplacingMergeTree(last_seen)
ORDER BY function_id
SETTINGS {durable}, index_granularity = 512;
