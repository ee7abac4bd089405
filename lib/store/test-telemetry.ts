import { insertRows } from "@/lib/store/clickhouse";
import { insertSpans } from "@/lib/store/insert-spans";
import { settleOnce, startOfSettling } from "@/lib/store/settle-traces";
import { encodeSpanRows } from "@/lib/store/span-row";
import type { Span } from "@/lib/trace/span";

/** One row of `samples` with what a test does not care about left out. */
export interface TestSample {
  readonly service?: string;
  readonly type?: string;
  /** Unix nanoseconds. */
  readonly time: bigint;
  readonly endpoint?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly rootSpanId?: string;
  readonly tie?: "none" | "process" | "trace" | "span";
  /** Function names, root first. */
  readonly stack?: readonly string[];
  readonly value: number;
  readonly count?: number;
  readonly source?: string;
}

/** Stores spans as the receivers do: what is there already is not stored again. */
export async function storeSpans(spans: readonly Span[], source = ""): Promise<void> {
  await insertSpans([encodeSpanRows(spans, source)]);
}

const ids = new Map<string, number>();
function idOf(text: string): number {
  const id = ids.get(text) ?? ids.size + 1;
  ids.set(text, id);
  return id;
}

/** Stores samples of CPU at 100 Hz, with their stacks and functions. */
export async function storeSamples(samples: readonly TestSample[]): Promise<void> {
  const stackOf = (sample: TestSample) => sample.stack ?? ["main"];
  const day = "2026-09-21";
  const names = [...new Set(samples.flatMap(stackOf))];
  await insertRows(
    "functions",
    ["function_id", "name", "system_name", "file", "start_line", "last_seen"],
    names.map((name) => [idOf(name), name, name, "main.go", 1, day]),
  );
  await insertRows(
    "stacks",
    ["service", "stack_id", "functions", "lines", "last_seen"],
    samples.map((sample) => [
      sample.service ?? "shop",
      idOf(JSON.stringify(stackOf(sample))),
      stackOf(sample).map(idOf),
      stackOf(sample).map(() => 1),
      day,
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
      "source",
    ],
    samples.map((sample) => [
      sample.service ?? "shop",
      sample.type ?? "cpu",
      `${sample.time / 1_000_000_000n}.${String(sample.time % 1_000_000_000n).padStart(9, "0")}`,
      sample.endpoint ?? "",
      sample.traceId ?? "",
      sample.spanId ?? "",
      sample.rootSpanId ?? "",
      sample.tie ?? (sample.traceId === undefined ? "none" : "span"),
      idOf(JSON.stringify(stackOf(sample))),
      sample.value,
      sample.count ?? 1,
      1,
      10_000_000,
      10_000_000_000,
      {},
      1,
      sample.source ?? "",
    ]),
  );
}

/** Brings the list of traces up to date with all that is stored. */
export async function settleAll(): Promise<void> {
  const state = await startOfSettling();
  while ((await settleOnce(state)).more) {
    // the next window
  }
}
