/** CPU of whole traces: one definition for the rows that the settler writes and for the trace page. */
import { BY_TRACE_SETTINGS, byTraceSql, NAMES_SPAN_ALONE } from "@/lib/store/by-trace";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, type Row, textColumn } from "@/lib/store/row";
import { NO_CPU, type SummarySpan, type TraceCpu } from "@/lib/trace/summarize-trace";
import { type UnixNano, unixNano } from "@/lib/units";

/** Where the samples of some traces are to be looked for. */
export interface TracesInTime {
  readonly traceIds: readonly string[];
  /** Span id -> trace id of every span. */
  readonly traceOfSpan: ReadonlyMap<string, string>;
  readonly services: readonly string[];
  readonly fromUnixNano: UnixNano;
  readonly toUnixNano: UnixNano;
  /** Unix seconds: no sample that names one of the traces was ingested before; absent or 0 when unknown. */
  readonly since?: number;
}

/** Profiles longer than an hour are not searched for samples that name a span but no trace. */
const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;
const IDS_PER_QUERY = 20_000;

/**
 * Adds up the CPU samples labelled with each trace, and those that name only a span of it (`span_id`, `root_span_id`).
 * Whole-process captures are left out: they hold other requests too.
 * @returns by trace id; traces without samples are absent
 */
export async function sumTraceCpu(
  traces: TracesInTime,
  signal?: AbortSignal,
): Promise<Map<string, TraceCpu>> {
  const [labelled, spanOnly] = await Promise.all([
    sumLabelled(traces.traceIds, "leaf", traces.since ?? 0, signal),
    sumSpanOnly(traces, "leaf", signal),
  ]);
  const sums = addUp(labelled, spanOnly, traces.traceOfSpan);
  const names = await findFunctionNames([...sums.values()].map(topLeaf), signal);
  return new Map(
    [...sums].map(([traceId, sum]) => [traceId, { ...sum, topFunction: names.get(topLeaf(sum)) ?? "" }]),
  );
}

/**
 * The CPU of one trace without its top function, which a page with a flame graph has no use for: so no stack is read,
 * and the samples are asked for while the spans are.
 * @param spans resolves to where the trace is
 */
export async function sumOneTraceCpu(
  traceId: string,
  spans: Promise<TracesInTime>,
  signal?: AbortSignal,
): Promise<TraceCpu> {
  const [labelled, someNameSpansAlone, traces] = await Promise.all([
    sumLabelled([traceId], "none", 0, signal),
    queryRows(`SELECT 1 FROM samples WHERE ${NAMES_SPAN_ALONE} LIMIT 1`, {}, { signal }),
    spans,
  ]);
  const spanOnly = someNameSpansAlone.length === 0 ? [] : await sumSpanOnly(traces, "none", signal);
  const sum = addUp(labelled, spanOnly, traces.traceOfSpan).get(traceId);
  return sum === undefined ? NO_CPU : { ...sum, topFunction: "" };
}

function addUp(
  labelled: readonly Row[],
  spanOnly: readonly Row[],
  traceOfSpan: ReadonlyMap<string, string>,
): Map<string, CpuSum> {
  const sums = new Map<string, CpuSum>();
  for (const row of labelled) addRow(sums, textColumn(row, "trace_id"), row);
  for (const row of spanOnly) {
    const traceId =
      traceOfSpan.get(textColumn(row, "span_id")) ?? traceOfSpan.get(textColumn(row, "root_span_id"));
    if (traceId !== undefined) addRow(sums, traceId, row);
  }
  return sums;
}

/** From the first start to the last end of any spans; 0 for none. */
export function timeOfSpans(spans: readonly Pick<SummarySpan, "startUnixNano" | "durationNs">[]): {
  fromUnixNano: UnixNano;
  toUnixNano: UnixNano;
} {
  let from = spans[0]?.startUnixNano ?? unixNano(0n);
  let to: bigint = from;
  for (const { startUnixNano, durationNs } of spans) {
    const end = startUnixNano + BigInt(Math.round(durationNs));
    if (startUnixNano < from) from = startUnixNano;
    if (end > to) to = end;
  }
  return { fromUnixNano: from, toUnixNano: unixNano(to) };
}

interface CpuSum {
  cpuNs: number;
  sampleCount: number;
  readonly bySpan: Map<string, number>;
  readonly samplesBySpan: Map<string, number>;
  readonly samplesByService: Map<string, number>;
  readonly byLeaf: Map<string, number>;
}

function addRow(sums: Map<string, CpuSum>, traceId: string, row: Row): void {
  let sum = sums.get(traceId);
  if (sum === undefined) {
    sum = {
      cpuNs: 0,
      sampleCount: 0,
      bySpan: new Map(),
      samplesBySpan: new Map(),
      samplesByService: new Map(),
      byLeaf: new Map(),
    };
    sums.set(traceId, sum);
  }
  const nanos = numberColumn(row, "v");
  const samples = numberColumn(row, "c");
  const spanId = textColumn(row, "span_id");
  sum.cpuNs += nanos;
  sum.sampleCount += samples;
  if (spanId !== "") {
    add(sum.bySpan, spanId, nanos);
    add(sum.samplesBySpan, spanId, samples);
  }
  add(sum.samplesByService, textColumn(row, "service"), samples);
  add(sum.byLeaf, textColumn(row, "leaf"), nanos);
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

/** The leaf with the most self CPU; of equals the smaller id, so that the answer does not change by itself. */
function topLeaf(sum: CpuSum): string {
  let top = "";
  let most = -1;
  for (const [leaf, nanos] of sum.byLeaf) {
    if (nanos > most || (nanos === most && leaf < top)) {
      top = leaf;
      most = nanos;
    }
  }
  return top;
}

/** Samples first into one row a stack, then a leaf for each stack: the join sees stacks, not samples. */
function sumSql(condition: string, leaves: "leaf" | "none"): string {
  if (leaves === "none") {
    return `SELECT trace_id, span_id, root_span_id, service, '0' AS leaf, sum(value) AS v, sum(count) AS c
      FROM samples WHERE ${condition} GROUP BY trace_id, span_id, root_span_id, service`;
  }
  return `SELECT trace_id, span_id, root_span_id, service, toString(leaf) AS leaf, sum(v) AS v, sum(c) AS c
    FROM (
      SELECT trace_id, span_id, root_span_id, service, stack_id, sum(value) AS v, sum(count) AS c
      FROM samples WHERE ${condition} GROUP BY trace_id, span_id, root_span_id, service, stack_id
    ) AS grouped
    LEFT ANY JOIN (
      SELECT service, stack_id, functions[-1] AS leaf FROM stacks
      WHERE (service, stack_id) IN (SELECT service, stack_id FROM samples WHERE ${condition})
    ) AS leaves USING (service, stack_id)
    GROUP BY trace_id, span_id, root_span_id, service, leaf`;
}

async function sumLabelled(
  traceIds: readonly string[],
  leaves: "leaf" | "none",
  since: number,
  signal?: AbortSignal,
): Promise<Row[]> {
  if (traceIds.length === 0) return [];
  const named = "trace_id IN {traceIds:Array(String)}";
  const where =
    since > 0
      ? `ingested_at >= fromUnixTimestamp64Milli({since:Int64}) AND ${named}`
      : byTraceSql("samples", named);
  return queryRows(
    sumSql(`type = 'cpu' AND tie != 'process' AND ${where}`, leaves),
    { traceIds, since: since * 1_000 },
    { rows: 1_000_000, signal, settings: BY_TRACE_SETTINGS },
  );
}

/** Profilers that know spans but no traces: few stores have any, so first one cheap question. */
async function sumSpanOnly(
  traces: TracesInTime,
  leaves: "leaf" | "none",
  signal?: AbortSignal,
): Promise<Row[]> {
  const within = `type = 'cpu' AND service IN {services:Array(String)} AND trace_id = ''
    AND time >= fromUnixTimestamp64Nano({from:Int64}) AND time <= fromUnixTimestamp64Nano({to:Int64})`;
  const from = traces.fromUnixNano - LONGEST_PROFILE_NANOS;
  const params = {
    services: traces.services,
    from: String(from < 0n ? 0n : from),
    to: String(traces.toUnixNano),
  };
  const some = await queryRows(
    `SELECT 1 AS found FROM samples WHERE ${within} AND ${NAMES_SPAN_ALONE} LIMIT 1`,
    params,
    { signal },
  );
  if (some.length === 0) return [];
  const spanIds = [...traces.traceOfSpan.keys()];
  const rows: Row[] = [];
  for (let start = 0; start < spanIds.length; start += IDS_PER_QUERY) {
    const part = spanIds.slice(start, start + IDS_PER_QUERY);
    // A sample that names a span and its local root is found by both: it is taken where its own span is.
    const mine = `(span_id IN {spanIds:Array(String)} OR root_span_id IN {spanIds:Array(String)})`;
    const found = await queryRows(
      sumSql(`${within} AND ${mine}`, leaves),
      { ...params, spanIds: part },
      { rows: 1_000_000, signal },
    );
    const inPart = new Set(part);
    for (const row of found) {
      const spanId = textColumn(row, "span_id");
      if (inPart.has(spanId) || !traces.traceOfSpan.has(spanId)) rows.push(row);
    }
  }
  return rows;
}

async function findFunctionNames(ids: readonly string[], signal?: AbortSignal): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)].filter((id) => id !== "" && id !== "0");
  if (wanted.length === 0) return new Map();
  const rows = await queryRows(
    `SELECT toString(function_id) AS id, name FROM functions
     WHERE function_id IN {ids:Array(UInt64)} LIMIT 1 BY function_id`,
    { ids: wanted.map(BigInt) },
    { signal },
  );
  return new Map(rows.map((row) => [textColumn(row, "id"), textColumn(row, "name")]));
}
