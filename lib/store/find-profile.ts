import { HotspanError } from "@/lib/errors";
import type { PprofSource } from "@/lib/profile/encode-pprof";
import { isAlwaysWindow } from "@/lib/profile/meaning";
import { queryRows } from "@/lib/store/clickhouse";
import { findFunctions } from "@/lib/store/find-functions";
import { findUnit } from "@/lib/store/find-unit";
import type { ResolvedSelector } from "@/lib/store/resolve-selector";
import { mapColumn, numberColumn, type Row, textColumn, textsColumn, unixNanoColumn } from "@/lib/store/row";
import { SAMPLES_TYPE, valueColumn } from "@/lib/store/sample-filter";
import { stacksSql } from "@/lib/store/sum-stacks";

/** Samples that differ in stack or labels; building more would hold up the pages, and no viewer opens them. */
export const MAX_EXPORTED_SAMPLES = 100_000;

/** Types whose samples a profiler took by the clock: beside the value pprof then expects how many there were. */
const CLOCK_TYPES: ReadonlySet<string> = new Set(["cpu", "wall"]);

/**
 * Exactly the selected samples as one profile: equal ones (stack, ids, endpoint and labels) merged, all labels kept, ids
 * and endpoint under our own keys. Where samples of several services meet, each says its `service`.
 *
 * @returns undefined when nothing matches
 * @throws HotspanError `too-large` beyond MAX_EXPORTED_SAMPLES, and as queryRows
 */
export async function findProfile(
  resolved: ResolvedSelector,
  signal?: AbortSignal,
): Promise<PprofSource | undefined> {
  const { filter, selector } = resolved;
  const stacks = stacksSql(resolved, "functions, lines", "seek");
  const limits = { signal, rows: MAX_EXPORTED_SAMPLES + 1 };
  const [rows, stackRows, unit] = await Promise.all([
    queryRows(
      `SELECT service, stack_id, trace_id, span_id, root_span_id, endpoint, labels,
         sum(${valueColumn(selector.type)}) AS v, sum(count) AS c, max(period_ns) AS period,
         toUnixTimestamp64Nano(min(time)) AS first, max(toUnixTimestamp64Nano(time) + duration_ns) AS last,
         ${isAlwaysWindow(selector.type) ? "1" : "max(meaning = 'window')"} AS is_window
       FROM samples WHERE ${filter.sql}
       GROUP BY service, stack_id, trace_id, span_id, root_span_id, endpoint, labels
       ORDER BY v DESC, first, stack_id LIMIT ${limits.rows}`,
      { ...filter.params },
      limits,
    ),
    queryRows(
      `SELECT * FROM (${stacks.sql}) LIMIT 1 BY service, stack_id LIMIT ${limits.rows}`,
      { ...filter.params, ...stacks.params },
      limits,
    ),
    findUnit(selector.type),
  ]);
  if (rows.length === 0) return undefined;
  if (rows.length > MAX_EXPORTED_SAMPLES) {
    throw new HotspanError(
      "too-large",
      `More than ${MAX_EXPORTED_SAMPLES} samples differ in stack or labels: choose a shorter time range or a narrower filter.`,
    );
  }
  const ids = [...new Set(stackRows.flatMap((row) => textsColumn(row, "functions")))];
  const texts = await findFunctions(ids, signal);
  const functionIndex = new Map(ids.map((id, index) => [id, index]));
  const stackIndex = new Map(stackRows.map((row, index) => [stackKey(row), index]));
  const withService = new Set(rows.map((row) => textColumn(row, "service"))).size > 1;
  const counted = CLOCK_TYPES.has(selector.type);
  const period = rows.reduce((most, row) => Math.max(most, numberColumn(row, "period")), 0);
  const { first, last } = windowOf(rows);
  return {
    sampleTypes: [...(counted ? [{ type: SAMPLES_TYPE, unit: "count" }] : []), { type: selector.type, unit }],
    ...(period === 0 ? {} : { period, periodType: { type: selector.type, unit: "nanoseconds" } }),
    timeUnixNano: first,
    durationNs: Number(last - first),
    functions: ids.map(
      (id) => texts.get(id) ?? { name: `function ${id}`, systemName: "", file: "", startLine: 0 },
    ),
    stacks: [
      ...stackRows.map((row) => ({
        functions: textsColumn(row, "functions").map((id) => functionIndex.get(id) ?? 0),
        lines: lineNumbers(row),
      })),
      { functions: [], lines: [] }, // of samples whose stack is no longer stored: their values still count
    ],
    samples: rows.map((row) => ({
      stack: stackIndex.get(stackKey(row)) ?? stackRows.length,
      values: [...(counted ? [BigInt(textColumn(row, "c"))] : []), BigInt(textColumn(row, "v"))],
      labels: labelsOf(row, withService),
    })),
  };
}

function labelsOf(row: Row, withService: boolean): [string, string][] {
  const own: [string, string][] = [
    ["trace_id", textColumn(row, "trace_id")],
    ["span_id", textColumn(row, "span_id")],
    ["local_root_span_id", textColumn(row, "root_span_id")],
    ["endpoint", textColumn(row, "endpoint")],
    ["service", withService ? textColumn(row, "service") : ""],
  ];
  return [...own.filter(([, value]) => value !== ""), ...mapColumn(row, "labels")];
}

/** A state has no length: with one, readers would take what counts from the start of a process for what a window added. */
function windowOf(rows: readonly Row[]): { first: bigint; last: bigint } {
  let first = 2n ** 63n;
  let last = 0n;
  let hasWindow = false;
  for (const row of rows) {
    const start = unixNanoColumn(row, "first");
    const end = unixNanoColumn(row, "last");
    if (start < first) first = start;
    if (end > last) last = end;
    hasWindow ||= numberColumn(row, "is_window") === 1;
  }
  return { first: hasWindow ? first : last, last };
}

/** The id first: a service's name may hold anything. */
function stackKey(row: Row): string {
  return `${textColumn(row, "stack_id")} ${textColumn(row, "service")}`;
}

function lineNumbers(row: Row): number[] {
  return Array.isArray(row.lines) ? row.lines.map(Number) : [];
}
