/** Samples drawn as text, for tests: `main;handler;work 30` is 30 samples of 10 ms in that stack, root first. */
import { Hash64 } from "@/lib/profile/hash64";
import type { Meaning } from "@/lib/profile/meaning";
import { insertRows } from "@/lib/store/clickhouse";

export interface FoldedSamples {
  readonly service?: string;
  readonly type?: string;
  /** Unix nanoseconds of the window's start. */
  readonly time?: bigint;
  readonly endpoint?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly rootSpanId?: string;
  readonly tie?: "none" | "process" | "trace" | "span";
  readonly labels?: Readonly<Record<string, string>>;
  /** Value of one sample; 10 ms unless told. */
  readonly value?: number;
  readonly periodNs?: number;
  /** 10 s unless told. */
  readonly durationNs?: number;
  /** By its type and length unless told, as for rows of writers that do not say it. */
  readonly meaning?: Meaning;
  readonly instance?: string;
  /** Tells profiles apart; 1 unless told. */
  readonly profileId?: number;
  readonly stacks: string;
}

export const TEST_TIME = 1_767_225_600_000_000_000n; // 2026-01-01T00:00:00Z

const hash = (text: string) => String(new Hash64().reset(7).text(text).finish().toBigInt());

export async function insertFolded(given: FoldedSamples): Promise<void> {
  const {
    service = "shop",
    type = "cpu",
    value = 10_000_000,
    traceId = "",
    spanId = "",
    rootSpanId = "",
  } = given;
  const tie = given.tie ?? (spanId !== "" || rootSpanId !== "" ? "span" : traceId !== "" ? "trace" : "none");
  const lines = given.stacks
    .trim()
    .split("\n")
    .map((line) => {
      const [, stack = "", count = ""] = /^\s*(.+) (-?\d+)$/.exec(line) ?? [];
      return { stack, frames: stack.split(";"), count: Number(count) };
    });
  const names = [...new Set(lines.flatMap(({ frames }) => frames))];
  await insertRows(
    "functions",
    ["function_id", "name", "system_name", "file", "start_line", "last_seen"],
    names.map((name, index) => [hash(name), name, "", `${name}.go`, index + 1, "2026-01-01"]),
  );
  await insertRows(
    "stacks",
    ["service", "stack_id", "functions", "lines", "last_seen"],
    lines.map(({ stack, frames }) => [
      service,
      hash(stack),
      frames.map(hash),
      frames.map((_, i) => i + 1),
      "2026-01-01",
    ]),
  );
  await insertRows(
    "samples",
    [
      "service",
      "type",
      "time",
      "endpoint",
      "trace_id",
      "span_id",
      "root_span_id",
      "tie",
      "stack_id",
      "value",
      "count",
      "is_primary",
      "period_ns",
      "duration_ns",
      "labels",
      "profile_id",
      ...(given.meaning === undefined ? [] : ["meaning"]),
      ...(given.instance === undefined ? [] : ["instance"]),
    ],
    lines.map(({ stack, count }) => [
      service,
      type,
      String(given.time ?? TEST_TIME),
      given.endpoint ?? "",
      traceId,
      spanId,
      rootSpanId,
      tie,
      hash(stack),
      String(count * value),
      Math.abs(count),
      1,
      given.periodNs ?? (type === "cpu" ? 10_000_000 : 0),
      String(given.durationNs ?? 10_000_000_000),
      given.labels ?? {},
      String(given.profileId ?? 1),
      ...(given.meaning === undefined ? [] : [given.meaning]),
      ...(given.instance === undefined ? [] : [given.instance]),
    ]),
  );
}

/** A span as the store holds it; `Endpoint` makes it an entry span. */
export async function insertTestSpan(span: {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service?: string;
  readonly endpoint?: string;
  readonly startUnixNano?: bigint;
  readonly durationNs?: number;
}): Promise<void> {
  const { endpoint = "" } = span;
  await insertRows(
    "otel_traces",
    [
      "Timestamp",
      "TraceId",
      "SpanId",
      "ParentSpanId",
      "SpanName",
      "SpanKind",
      "ServiceName",
      "Duration",
      "Endpoint",
      "IsEntry",
    ],
    [
      [
        String(span.startUnixNano ?? TEST_TIME),
        span.traceId,
        span.spanId,
        span.parentSpanId ?? "",
        endpoint,
        endpoint === "" ? "Internal" : "Server",
        span.service ?? "shop",
        String(span.durationNs ?? 500_000_000),
        endpoint,
        endpoint === "" ? 0 : 1,
      ],
    ],
  );
}
