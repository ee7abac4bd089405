/**
 * The HTTP interface (GET side) as Zod schemas: what the routes answer and what the components read.
 * Instants are decimal strings of Unix nanoseconds (`...UnixNano`), durations numbers of nanoseconds (`...Ns`),
 * values in the unit of the sample type.
 */
import { z } from "zod";
import { reasonCode } from "@/lib/api/doctor-contract";
import { intakeHealth } from "@/lib/api/intake-contract";

const unixNano = z.string().regex(/^\d{1,19}$/);
const count = z.number().int().nonnegative();
const ns = z.number().nonnegative();

export const certainty = z.enum(["span-label", "trace-label", "process-capture", "process-time", "range"]);

export const meaning = z.enum(["window", "snapshot", "cumulative", "mixed"]);

export const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export const service = z.object({
  name: z.string(),
  /** telemetry.sdk.language of its spans, "" when unknown */
  language: z.string(),
  spans: count,
  samples: count,
  lastSeenUnixNano: unixNano,
  /** entry spans in the range, and those of them with an error */
  requests: count,
  errors: count,
  p95Ns: ns.nullable(),
  cpuNs: ns,
  /** requests per step of the range, oldest first */
  sparkline: z.array(count),
});
export const servicesResponse = z.object({
  services: z.array(service),
  fromUnixNano: unixNano,
  toUnixNano: unixNano,
  stepNs: ns,
});

export const traceSort = z.enum([
  "start",
  "duration",
  "cpu",
  "cpu_ratio",
  "unexplained",
  "spans",
  "errors",
  "samples",
  "service",
  "name",
  "services",
  "top_function",
]);

export const traceSummary = z.object({
  traceId: z.string(),
  rootService: z.string(),
  rootName: z.string(),
  endpoint: z.string(),
  startUnixNano: unixNano,
  durationNs: ns,
  spanCount: count,
  errorCount: count,
  services: z.array(z.string()),
  cpuNs: ns,
  sampleCount: count,
  /** wall time of the root that neither CPU samples nor child spans account for */
  unexplainedNs: ns,
  topFunction: z.string(),
});
export const tracesResponse = z.object({
  traces: z.array(traceSummary),
  total: count,
  /** requests of traces that sampling dropped, in the range, of the service and endpoint asked for: none is in the list */
  droppedRequests: count,
  nextCursor: z.string().nullable(),
});

/** GET /api/v1/traces/heatmap: how many traces started in each (time, log duration) cell. */
export const heatmapResponse = z.object({
  fromUnixNano: unixNano,
  stepNs: ns,
  columns: count,
  /** lower bounds of the rows, ascending; row i spans [bounds[i], bounds[i+1]) */
  durationBoundsNs: z.array(ns),
  cells: z.array(z.object({ column: count, row: count, traces: count, errors: count })),
});

export const spanEvent = z.object({
  name: z.string(),
  timeUnixNano: unixNano,
  attributes: z.record(z.string(), z.string()),
});
export const spanLink = z.object({
  traceId: z.string(),
  spanId: z.string(),
  attributes: z.record(z.string(), z.string()),
});
export const traceSpan = z.object({
  spanId: z.string(),
  /** "" for a root */
  parentSpanId: z.string(),
  service: z.string(),
  name: z.string(),
  kind: z.string(),
  startUnixNano: unixNano,
  durationNs: ns,
  /** duration minus the union of its children's time inside it */
  selfNs: ns,
  status: z.enum(["Unset", "Ok", "Error"]),
  statusMessage: z.string(),
  attributes: z.record(z.string(), z.string()),
  resource: z.record(z.string(), z.string()),
  events: z.array(spanEvent),
  links: z.array(spanLink),
  /** of samples labelled with this very span */
  cpuNs: ns,
  sampleCount: count,
  /** lies on the critical path */
  critical: z.boolean(),
});
export const traceResponse = z.object({
  traceId: z.string(),
  startUnixNano: unixNano,
  durationNs: ns,
  /** of the whole trace, equal to its row in the list: CPU that names only the trace is in no span's cpuNs */
  cpuNs: ns,
  sampleCount: count,
  unexplainedNs: ns,
  spans: z.array(traceSpan),
  /** repaired oddities: missing parents, clock skew, duplicates, cut lists */
  warnings: z.array(z.string()),
  /** why the trace has no CPU samples, in one sentence; null when it has some */
  noSamplesReason: z.string().nullable(),
  /** the same as a word that stays: doctor-contract.ts */
  noSamplesCode: reasonCode.nullable(),
});

export const endpointRow = z.object({
  service: z.string(),
  endpoint: z.string(),
  /** all that were made, those of traces that sampling dropped included */
  requests: count,
  errors: count,
  /** entry spans that are stored; where fewer than the requests, quantiles are estimated from them */
  keptRequests: count,
  p50Ns: ns.nullable(),
  p95Ns: ns.nullable(),
  p99Ns: ns.nullable(),
  cpuNs: ns,
  /** of the service's total, 0..1 */
  cpuShare: z.number(),
  cpuPerRequestNs: ns.nullable(),
  sampleCount: count,
  tracesProfiled: count,
});
export const endpointsResponse = z.object({
  endpoints: z.array(endpointRow),
  unattributed: z.object({ cpuNs: ns, sampleCount: count }),
  unit: z.string(),
});

export interface FlameNode {
  name: string;
  file: string;
  line: number;
  /** stable over requests: pass it as `focus` to fetch this node's own subtree */
  id: string;
  self: number;
  total: number;
  /** samples behind `total` */
  sampleCount: number;
  /** what children below the node budget hold: total - self - sum of the children's totals */
  cut: number;
  children: FlameNode[];
}
export const flameNode: z.ZodType<FlameNode> = z.object({
  name: z.string(),
  file: z.string(),
  line: z.number(),
  id: z.string(),
  self: z.number(),
  total: z.number(),
  sampleCount: z.number(),
  cut: z.number(),
  get children() {
    return z.array(flameNode);
  },
});
export const flamegraphResponse = z.object({
  type: z.string(),
  unit: z.string(),
  total: z.number(),
  sampleCount: count,
  /** samples a second while profiling, null when the type is not sampled by time or rates differ */
  sampleRateHz: z.number().nullable(),
  certainty,
  /** what the values mean: lib/profile/meaning.ts; mixed when some processes send windows and others readings */
  meaning,
  /** profiles of the range of which only the latest of each process counts, and those processes; null for windows, which add up */
  profileCount: count.nullable(),
  instanceCount: count.nullable(),
  /** when the latest of them was taken */
  asOfUnixNano: unixNano.nullable(),
  /** true when nodes were cut to keep the budget; totals are exact all the same */
  truncated: z.boolean(),
  nodeCount: count,
  /** frames from the root to the focused node, both excluded; empty without focus */
  ancestors: z.array(z.object({ id: z.string(), name: z.string() })),
  /** of q: exact over the whole tree, each sample once; null without q */
  matched: z.object({ total: z.number(), sampleCount: count }).nullable(),
  /** why it is empty, in one sentence; null when it is not */
  emptyReason: z.string().nullable(),
  /** the same as a word that stays: doctor-contract.ts */
  emptyCode: reasonCode.nullable(),
  root: flameNode,
});

export const functionRow = z.object({
  name: z.string(),
  file: z.string(),
  self: z.number(),
  total: z.number(),
  sampleCount: count,
});
export const functionsResponse = z.object({
  unit: z.string(),
  total: z.number(),
  functions: z.array(functionRow),
});

export const seriesResponse = z.object({
  unit: z.string(),
  /** of windows a point is the sum over its step, of all else the state at that time; steps without a known state have no point */
  meaning,
  stepNs: ns,
  series: z.array(z.object({ key: z.string(), points: z.array(z.tuple([unixNano, z.number()])) })),
});

export const healthResponse = z.object({
  status: z.enum(["ok", "degraded"]),
  store: z.object({ ok: z.boolean(), kind: z.enum(["embedded", "remote"]), message: z.string() }),
  catalogue: z.object({ ok: z.boolean(), message: z.string() }),
  receivers: z.object({ ok: z.boolean(), message: z.string() }),
  /** null while the receivers do not answer */
  intake: intakeHealth.nullable(),
  version: z.string(),
});

/** GET and DELETE /api/v1/sample-data */
export const sampleDataResponse = z.object({
  /** none: never loaded or removed */
  state: z.enum(["none", "loading", "loaded", "removing"]),
});

export type Service = z.infer<typeof service>;
export type ServicesResponse = z.infer<typeof servicesResponse>;
export type TraceSort = z.infer<typeof traceSort>;
export type TraceSummary = z.infer<typeof traceSummary>;
export type TracesResponse = z.infer<typeof tracesResponse>;
export type HeatmapResponse = z.infer<typeof heatmapResponse>;
export type TraceSpan = z.infer<typeof traceSpan>;
export type TraceResponse = z.infer<typeof traceResponse>;
export type EndpointRow = z.infer<typeof endpointRow>;
export type EndpointsResponse = z.infer<typeof endpointsResponse>;
export type FlamegraphResponse = z.infer<typeof flamegraphResponse>;
export type FunctionRow = z.infer<typeof functionRow>;
export type FunctionsResponse = z.infer<typeof functionsResponse>;
export type SeriesResponse = z.infer<typeof seriesResponse>;
export type HealthResponse = z.infer<typeof healthResponse>;
export type SampleDataResponse = z.infer<typeof sampleDataResponse>;
