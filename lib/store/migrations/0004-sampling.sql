-- Tail-based sampling. Weight: how many requests a span stands for because its sender kept only a share of them, from the
-- W3C tracestate of OpenTelemetry's consistent probability sampling (`ot=th:HEX`, threshold of 56 bits, zeros on the right
-- left out). KeptShare: the share of traces like it that Hotspan itself kept, 1 for those it always keeps.
ALTER TABLE otel_traces
  ADD COLUMN IF NOT EXISTS Weight Float32 DEFAULT if(position(TraceState, 'th:') = 0, 1,
    72057594037927936. / (72057594037927936 - reinterpretAsUInt64(reverse(unhex(rightPad(extract(TraceState, '(?:^|,)\\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,]|$)'), 14, '0')))))),
  ADD COLUMN IF NOT EXISTS KeptShare Float32 DEFAULT 1;

-- Spans of which it is not decided yet, in the minute they came in. A span sent twice is here twice: it is told apart when
-- its trace is decided.
CREATE TABLE IF NOT EXISTS staged_spans (
  Timestamp DateTime64(9) CODEC(Delta, LZ4),
  TraceId String,
  SpanId String,
  ParentSpanId String,
  TraceState String,
  SpanName LowCardinality(String),
  SpanKind LowCardinality(String),
  ServiceName LowCardinality(String),
  ResourceAttributes Map(LowCardinality(String), String),
  ScopeName String,
  ScopeVersion String,
  SpanAttributes Map(LowCardinality(String), String),
  Duration UInt64,
  StatusCode LowCardinality(String),
  StatusMessage String,
  Events Nested (
    Timestamp DateTime64(9),
    Name LowCardinality(String),
    Attributes Map(LowCardinality(String), String)
  ),
  Links Nested (
    TraceId String,
    SpanId String,
    TraceState String,
    Attributes Map(LowCardinality(String), String)
  ),
  Endpoint LowCardinality(String),
  IsEntry UInt8,
  Source LowCardinality(String),
  Weight Float32 DEFAULT if(position(TraceState, 'th:') = 0, 1,
    72057594037927936. / (72057594037927936 - reinterpretAsUInt64(reverse(unhex(rightPad(extract(TraceState, '(?:^|,)\\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,]|$)'), 14, '0')))))),
  -- Whatever the rules may ask of a span, found when it comes in: attributes are the widest columns.
  IsServerError UInt8 DEFAULT toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '', SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) >= 500,
  NamesProfile UInt8 DEFAULT SpanAttributes['cpu_profile'] != '',
  IngestedAt DateTime64(3) DEFAULT now64(3)
) ENGINE = MergeTree
PARTITION BY toStartOfMinute(IngestedAt)
ORDER BY (TraceId, SpanId)
SETTINGS {durable}, index_granularity = 1024;

-- What was decided of a trace: final, so spans that come later share it. `fingerprint` is of the staged rows of one minute
-- that a decision covers; `done` says that it was carried out.
CREATE TABLE IF NOT EXISTS sampling_decisions (
  trace_id String,
  minute DateTime,
  fingerprint UInt64,
  kept UInt8,
  kept_share Float32,
  done UInt8,
  decided_at DateTime64(3) DEFAULT now64(3)
) ENGINE = MergeTree
PARTITION BY toStartOfHour(decided_at)
ORDER BY trace_id
SETTINGS {durable};

-- One row per entry span of a dropped trace: what requests per endpoint are counted from, beside the spans that were kept.
CREATE TABLE IF NOT EXISTS dropped_requests (
  service LowCardinality(String),
  endpoint LowCardinality(String),
  time DateTime CODEC(Delta, ZSTD(1)),
  span_hash UInt64,
  weight Float32 CODEC(ZSTD(1)),
  is_error UInt8 CODEC(ZSTD(1)),
  PROJECTION by_minute (
    SELECT service, endpoint, toStartOfMinute(time), count(), sum(weight), sumIf(weight, is_error = 1)
    GROUP BY service, endpoint, toStartOfMinute(time)
  )
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (service, endpoint, time)
SETTINGS {durable};
