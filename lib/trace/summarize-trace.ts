import { findCriticalPath } from "@/lib/trace/critical-path";
import type { Span } from "@/lib/trace/span";
import { buildTraceTree, type TraceTree, type TreeSpan } from "@/lib/trace/trace-tree";
import type { Nanos, UnixNano } from "@/lib/units";

export type SummarySpan = TreeSpan &
  Pick<Span, "name" | "kind" | "service" | "status" | "isEntry" | "endpoint">;

/** CPU samples of one trace, added up. */
export interface TraceCpu {
  readonly cpuNs: Nanos;
  readonly sampleCount: number;
  /** Span id -> CPU of the samples labelled with that very span. What is missing to `cpuNs` names only the trace. */
  readonly bySpan: ReadonlyMap<string, Nanos>;
  readonly samplesBySpan: ReadonlyMap<string, number>;
  readonly samplesByService: ReadonlyMap<string, number>;
  /** The function with the most self CPU, "" without samples. */
  readonly topFunction: string;
}

export const NO_CPU: TraceCpu = {
  cpuNs: 0,
  sampleCount: 0,
  bySpan: new Map(),
  samplesBySpan: new Map(),
  samplesByService: new Map(),
  topFunction: "",
};

/** Where a trace enters a service. */
export interface TraceEntry {
  readonly service: string;
  readonly endpoint: string;
  /** CPU samples of the trace in that service, given to its first entry there so that they count once. */
  readonly sampleCount: number;
}

/** A row of the list of traces. */
export interface TraceSummaryColumns {
  readonly startUnixNano: UnixNano;
  readonly durationNs: Nanos;
  readonly rootService: string;
  readonly rootName: string;
  readonly endpoint: string;
  /** In order of first appearance in the tree. */
  readonly services: readonly string[];
  /** By start, each pair of service and endpoint once. */
  readonly entries: readonly TraceEntry[];
  readonly spanCount: number;
  readonly errorCount: number;
  readonly cpuNs: Nanos;
  readonly sampleCount: number;
  readonly unexplainedNs: Nanos;
  readonly topFunction: string;
}

/**
 * The columns of one trace, from nothing but its spans and its CPU: the list and the trace page cannot disagree.
 * @param spans of one trace, at least one; equal span ids count once
 */
export function summarizeTrace(spans: readonly SummarySpan[], cpu: TraceCpu): TraceSummaryColumns {
  const tree = buildTraceTree(spans);
  const root = tree.nodes[tree.roots[0] ?? 0]?.span;
  const services = new Set<string>();
  let errorCount = 0;
  for (const { span } of tree.nodes) {
    services.add(span.service);
    if (span.status === "Error") errorCount++;
  }
  return {
    startUnixNano: tree.startUnixNano,
    durationNs: tree.durationNs,
    rootService: root?.service ?? "",
    rootName: root?.name ?? "",
    endpoint: root?.endpoint ?? "",
    services: [...services],
    entries: findEntries(tree, cpu),
    spanCount: tree.nodes.length,
    errorCount,
    cpuNs: cpu.cpuNs,
    sampleCount: cpu.sampleCount,
    unexplainedNs: computeUnexplained(tree, cpu),
    topFunction: cpu.topFunction,
  };
}

function findEntries(tree: TraceTree<SummarySpan>, cpu: TraceCpu): TraceEntry[] {
  const entries = new Map<string, TraceEntry>();
  const entered = new Set<string>();
  const nodes = tree.nodes.filter(({ span }) => span.isEntry).sort((a, b) => a.startNs - b.startNs);
  for (const { span } of nodes) {
    const key = JSON.stringify([span.service, span.endpoint]);
    if (entries.has(key)) continue;
    const sampleCount = entered.has(span.service) ? 0 : (cpu.samplesByService.get(span.service) ?? 0);
    entered.add(span.service);
    entries.set(key, { service: span.service, endpoint: span.endpoint, sampleCount });
  }
  return [...entries.values()];
}

/**
 * The part of the root's wall time that nothing in the trace accounts for: along the critical path, where at each instant
 * exactly one span is what everybody waits for, the time spent in
 *   - a CLIENT or PRODUCER span itself is accounted for: its name says what was waited for;
 *   - any other span itself is accounted for as far as that span has CPU samples;
 *   - and CPU that names only the trace accounts for whatever is left.
 * So a lock, a sleep or a call nobody instrumented shows here, and a fully computed or fully traced request shows 0.
 * Never more than the root's duration.
 */
export function computeUnexplained(tree: TraceTree<SummarySpan>, cpu: TraceCpu): Nanos {
  const { pathNs } = findCriticalPath(tree);
  let unexplained = 0;
  let spanCpu = 0;
  for (const nanos of cpu.bySpan.values()) spanCpu += nanos;
  tree.nodes.forEach(({ span }, index) => {
    if (span.kind === "Client" || span.kind === "Producer") return;
    unexplained += Math.max(0, (pathNs[index] ?? 0) - (cpu.bySpan.get(span.spanId) ?? 0));
  });
  return Math.max(0, unexplained - Math.max(0, cpu.cpuNs - spanCpu));
}
