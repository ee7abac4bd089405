-- Samples as the OpenTelemetry Collector's ClickHouse exporter writes them: its columns, then ours. Nothing is shown from
-- here: the ingest process turns what arrives into rows of `samples`, `stacks` and `functions` (collector-profiles.ts),
-- because the identity of a function is computed there, and one function must stay one whichever way it came.
CREATE TABLE IF NOT EXISTS otel_profiles (
  Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
  ProfileId String CODEC(ZSTD(1)),
  SampleType LowCardinality(String) CODEC(ZSTD(1)),
  SampleUnit LowCardinality(String) CODEC(ZSTD(1)),
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion String CODEC(ZSTD(1)),
  ProfileAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  SampleAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  StackHash UInt64 CODEC(ZSTD(1)),
  Addresses Array(UInt64) CODEC(ZSTD(1)),
  FunctionNames Array(LowCardinality(String)) CODEC(ZSTD(1)),
  FileNames Array(LowCardinality(String)) CODEC(ZSTD(1)),
  LineNumbers Array(Int32) CODEC(ZSTD(1)),
  MappingFileNames Array(LowCardinality(String)) CODEC(ZSTD(1)),
  Values Array(Int64) CODEC(ZSTD(1)),
  TimestampsUnixNano Array(UInt64) CODEC(ZSTD(1)),
  DurationNano UInt64 CODEC(ZSTD(1)),
  Period Int64 CODEC(ZSTD(1)),
  PeriodType LowCardinality(String) CODEC(ZSTD(1)),
  PeriodUnit LowCardinality(String) CODEC(ZSTD(1)),
  TraceId String CODEC(ZSTD(1)),
  SpanId String CODEC(ZSTD(1)),
  IngestedAt DateTime64(3) DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  INDEX idx_ingested_at IngestedAt TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SampleType, toDateTime(Timestamp))
SETTINGS {durable};
