/**
 * Reads what a Collector's ClickHouse exporter wrote to `otel_profiles`: one row a sample and type. A batch is what one
 * export brought of one profile: an insert of one partition, so it is all there or not at all.
 */
import { createHash } from "node:crypto";
import { queryRows } from "@/lib/store/clickhouse";
import { mapColumn, numberColumn, type Row, textColumn, textsColumn } from "@/lib/store/row";

/** Rows and frames of one part of a batch, which is converted at once and held in memory. */
const ROWS_PER_PART = 20_000;
const FRAMES_PER_PART = 500_000;

export interface CollectorBatch {
  /** Of the batch's content and not of when it came: the exporter may write one twice. */
  readonly sha256: string;
  /** Milliseconds. */
  readonly ingestedAt: number;
  readonly service: string;
  readonly timeNanos: bigint;
  readonly durationNanos: bigint;
  readonly period: { readonly type: string; readonly unit: string; readonly period: bigint };
  readonly resource: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly rows: number;
  /** Into how many it is cut, by their stacks. */
  readonly parts: number;
  /** Hash of resource, scope and attributes, beside service and times what tells batches of one insert apart. */
  readonly context: string;
}

export interface CollectorSample {
  readonly stack: string;
  readonly type: string;
  readonly unit: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly traceId: string;
  readonly spanId: string;
  readonly values: readonly bigint[];
  readonly timestamps: readonly bigint[];
}

/** Leaf first, as the exporter writes them. */
export interface CollectorStack {
  readonly functions: readonly string[];
  readonly files: readonly string[];
  readonly lines: readonly number[];
  readonly mappings: readonly string[];
}

/** Map entries have no order of their own, and the exporter's none at all. */
const entries = (map: string) => `arraySort(arrayZip(mapKeys(${map}), mapValues(${map})))`;
const CONTEXT = `cityHash64(${entries("ResourceAttributes")}, ${entries("ProfileAttributes")}, ScopeName, ScopeVersion)`;
const STACK = "cityHash64(FunctionNames, FileNames, LineNumbers, MappingFileNames)";
const CONTENT = `ProfileId, SampleType, SampleUnit, TraceId, SpanId, ${STACK}, Values, TimestampsUnixNano, ${entries("SampleAttributes")}`;

/**
 * The batches that were ingested in [from, until), the newest first; when there are more than `limit`, as many as hold all
 * of their last millisecond.
 */
export async function findCollectorBatches(
  from: number,
  until: number,
  limit: number,
  signal?: AbortSignal,
): Promise<CollectorBatch[]> {
  const rows = await queryRows(
    `SELECT toUnixTimestamp64Milli(IngestedAt) AS ingested, ServiceName, toString(toUnixTimestamp64Nano(Timestamp)) AS time,
       toString(DurationNano) AS duration, PeriodType, PeriodUnit, toString(Period) AS period,
       toString(${CONTEXT}) AS context, any(ResourceAttributes) AS resource, any(ProfileAttributes) AS attributes,
       count() AS rows, sum(length(FunctionNames)) AS frames,
       toString(sum(cityHash64(${CONTENT}))) AS content, toString(sum(sipHash64(${CONTENT}))) AS proof
     FROM otel_profiles
     WHERE IngestedAt >= fromUnixTimestamp64Milli({from:Int64}) AND IngestedAt < fromUnixTimestamp64Milli({until:Int64})
     GROUP BY ingested, ServiceName, time, duration, PeriodType, PeriodUnit, period, context
     ORDER BY ingested DESC LIMIT {limit:UInt32} WITH TIES`,
    { from, until, limit },
    { signal, seconds: 60, settings: { max_threads: 1 } },
  );
  return rows.map(toBatch);
}

function toBatch(row: Row): CollectorBatch {
  const text = (name: string) => textColumn(row, name);
  const count = numberColumn(row, "rows");
  const key = ["ServiceName", "time", "duration", "PeriodType", "PeriodUnit", "period", "context"].map(text);
  return {
    sha256: createHash("sha256")
      .update(JSON.stringify(["otel_profiles", ...key, count, text("content"), text("proof")]))
      .digest("hex"),
    ingestedAt: numberColumn(row, "ingested"),
    service: text("ServiceName"),
    timeNanos: BigInt(text("time")),
    durationNanos: BigInt(text("duration")),
    period: { type: text("PeriodType"), unit: text("PeriodUnit"), period: BigInt(text("period")) },
    resource: mapColumn(row, "resource"),
    attributes: mapColumn(row, "attributes"),
    rows: count,
    parts: Math.ceil(Math.max(count / ROWS_PER_PART, numberColumn(row, "frames") / FRAMES_PER_PART, 1)),
    context: text("context"),
  };
}

/** @returns one part of a batch; all samples of one stack are in the same part */
export async function readCollectorBatch(
  batch: CollectorBatch,
  part: number,
  signal?: AbortSignal,
): Promise<{
  readonly stacks: ReadonlyMap<string, CollectorStack>;
  readonly samples: readonly CollectorSample[];
}> {
  const where = `IngestedAt = fromUnixTimestamp64Milli({ingested:Int64}) AND ServiceName = {service:String}
    AND Timestamp = fromUnixTimestamp64Nano({time:Int64}) AND DurationNano = {duration:UInt64}
    AND PeriodType = {periodType:String} AND PeriodUnit = {periodUnit:String} AND Period = {period:Int64}
    AND ${CONTEXT} = {context:UInt64} AND ${STACK} % {parts:UInt32} = {part:UInt32}`;
  const params = {
    ingested: batch.ingestedAt,
    service: batch.service,
    time: String(batch.timeNanos),
    duration: String(batch.durationNanos),
    periodType: batch.period.type,
    periodUnit: batch.period.unit,
    period: String(batch.period.period),
    context: batch.context,
    parts: batch.parts,
    part,
  };
  const limits = { signal, seconds: 60, rows: 1_000_000 };
  const stacks = await queryRows(
    `SELECT toString(${STACK}) AS stack, any(FunctionNames) AS functions, any(FileNames) AS files,
       any(LineNumbers) AS lines, any(MappingFileNames) AS mappings
     FROM otel_profiles WHERE ${where} GROUP BY stack`,
    params,
    limits,
  );
  const samples = await queryRows(
    `SELECT toString(${STACK}) AS stack, SampleType, SampleUnit, SampleAttributes, TraceId, SpanId, Values, TimestampsUnixNano
     FROM otel_profiles WHERE ${where}`,
    params,
    limits,
  );
  return {
    stacks: new Map(stacks.map((row) => [textColumn(row, "stack"), toStack(row)])),
    samples: samples.map((row) => ({
      stack: textColumn(row, "stack"),
      type: textColumn(row, "SampleType"),
      unit: textColumn(row, "SampleUnit"),
      attributes: mapColumn(row, "SampleAttributes"),
      traceId: textColumn(row, "TraceId"),
      spanId: textColumn(row, "SpanId"),
      values: textsColumn(row, "Values").map(BigInt),
      timestamps: textsColumn(row, "TimestampsUnixNano").map(BigInt),
    })),
  };
}

function toStack(row: Row): CollectorStack {
  const lines = row.lines;
  return {
    functions: textsColumn(row, "functions"),
    files: textsColumn(row, "files"),
    lines: Array.isArray(lines) ? lines.map(Number) : [],
    mappings: textsColumn(row, "mappings"),
  };
}

/** Seconds from `from` (milliseconds) on in which something was ingested, and the store's own clock, both in Unix seconds. */
export async function countCollectorSeconds(
  from: number,
  signal?: AbortSignal,
): Promise<{ readonly now: number; readonly seconds: readonly { second: number; rows: number }[] }> {
  const rows = await queryRows(
    `SELECT toUnixTimestamp(now()) AS second, 0 AS rows
     UNION ALL
     SELECT toUnixTimestamp(IngestedAt) AS second, count() AS rows FROM otel_profiles
     WHERE IngestedAt >= fromUnixTimestamp64Milli({from:Int64}) GROUP BY second`,
    { from },
    { signal, settings: { max_threads: 1 } },
  );
  const seconds = rows.map((row) => ({
    second: numberColumn(row, "second"),
    rows: numberColumn(row, "rows"),
  }));
  return {
    now: seconds.find(({ rows }) => rows === 0)?.second ?? 0,
    seconds: seconds.filter(({ rows }) => rows > 0).sort((a, b) => a.second - b.second),
  };
}

/** What was ingested before `until` (milliseconds): how many rows, and when the newest; 0 for none. */
export async function countCollectorRows(
  until: number,
  signal?: AbortSignal,
): Promise<{ readonly rows: number; readonly newest: number }> {
  const [row] = await queryRows(
    `SELECT count() AS rows, toUnixTimestamp64Milli(max(IngestedAt)) AS newest FROM otel_profiles
     WHERE IngestedAt < fromUnixTimestamp64Milli({until:Int64})`,
    { until },
    { signal, seconds: 60, settings: { max_threads: 1 } },
  );
  if (row === undefined) return { rows: 0, newest: 0 };
  return { rows: numberColumn(row, "rows"), newest: numberColumn(row, "newest") };
}
