import type { Span } from "@/lib/trace/span";
import type { Nanos, UnixNano } from "@/lib/units";

/** What the shape of a trace needs of a span. */
export type TreeSpan = Pick<Span, "spanId" | "parentSpanId" | "startUnixNano" | "durationNs">;

/** A span in its place. Indices refer to `TraceTree.nodes`. */
export interface SpanNode<S extends TreeSpan> {
  readonly span: S;
  /** Since the start of the trace. */
  readonly startNs: Nanos;
  readonly endNs: Nanos;
  /** -1 for a root. */
  readonly parent: number;
  /** By start, then by span id. */
  readonly children: readonly number[];
  readonly depth: number;
  /** Starts before its parent, which only clocks that differ can bring about. Times stay as they were sent. */
  readonly skewed: boolean;
}

export interface TraceTree<S extends TreeSpan> {
  /** Depth first, parents before children, each span once. */
  readonly nodes: readonly SpanNode<S>[];
  /** By start; a span without a parent id before one whose parent is missing. */
  readonly roots: readonly number[];
  readonly startUnixNano: UnixNano;
  /** From the first start to the last end. */
  readonly durationNs: Nanos;
  /** What had to be repaired, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Puts the spans of one trace into a tree. Malformed traces are repaired and the repair is told, never refused:
 * a span whose parent is missing becomes a root, of equal ids the first is kept, a cycle is cut at its earliest span.
 * @param spans of one trace, at least one, in any order
 * @throws Error when there is no span
 */
export function buildTraceTree<S extends TreeSpan>(spans: readonly S[]): TraceTree<S> {
  const bySpanId = new Map<string, S>();
  for (const span of spans) if (!bySpanId.has(span.spanId)) bySpanId.set(span.spanId, span);
  const unique = [...bySpanId.values()].sort(byStart);
  const first = unique[0];
  if (first === undefined) throw new Error("A trace has at least one span.");

  const childrenOf = new Map<string, S[]>();
  const roots: S[] = [];
  const orphans: S[] = [];
  for (const span of unique) {
    if (span.parentSpanId === "") roots.push(span);
    else if (!bySpanId.has(span.parentSpanId)) orphans.push(span);
    else appendTo(childrenOf, span.parentSpanId, span);
  }
  const placement = new Placement(first.startUnixNano, childrenOf);
  for (const root of [...roots, ...orphans]) placement.placeBelow(root);
  // What no root reaches hangs on a cycle.
  let cut = 0;
  for (const span of unique) {
    if (placement.has(span.spanId)) continue;
    cut++;
    placement.placeBelow(earliestOnCycle(span, bySpanId));
  }
  return {
    nodes: placement.nodes,
    roots: placement.roots,
    startUnixNano: first.startUnixNano,
    durationNs: placement.nodes.reduce((latest, node) => Math.max(latest, node.endNs), 0),
    warnings: describeRepairs(spans.length - unique.length, orphans.length, cut, placement.nodes),
  };
}

/** Goes up from a span that no root reaches: sooner or later a span comes again, and those between are the cycle. */
function earliestOnCycle<S extends TreeSpan>(span: S, bySpanId: ReadonlyMap<string, S>): S {
  const passed = new Set<S>();
  let current = span;
  while (!passed.has(current)) {
    passed.add(current);
    current = bySpanId.get(current.parentSpanId) ?? current;
  }
  const cycle = [...passed].slice([...passed].indexOf(current));
  return cycle.reduce((earliest, member) => (byStart(member, earliest) < 0 ? member : earliest), current);
}

interface OpenNode<S extends TreeSpan> extends SpanNode<S> {
  readonly children: number[];
}

/** Spans being placed, depth first and without recursion: a trace may be as deep as it has spans. */
class Placement<S extends TreeSpan> {
  readonly nodes: OpenNode<S>[] = [];
  readonly roots: number[] = [];
  private readonly placed = new Set<string>();

  constructor(
    private readonly origin: UnixNano,
    private readonly childrenOf: ReadonlyMap<string, readonly S[]>,
  ) {}

  has(spanId: string): boolean {
    return this.placed.has(spanId);
  }

  placeBelow(root: S): void {
    const waiting: { span: S; parent: number }[] = [{ span: root, parent: -1 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.placed.has(next.span.spanId)) continue; // back at the start of a cycle
      const index = this.place(next.span, next.parent);
      const children = this.childrenOf.get(next.span.spanId) ?? [];
      for (let i = children.length - 1; i >= 0; i--) {
        const child = children[i];
        if (child !== undefined) waiting.push({ span: child, parent: index });
      }
    }
  }

  private place(span: S, parentIndex: number): number {
    const index = this.nodes.length;
    const parent = this.nodes[parentIndex];
    const startNs = Number(span.startUnixNano - this.origin);
    this.placed.add(span.spanId);
    this.nodes.push({
      span,
      startNs,
      endNs: startNs + span.durationNs,
      parent: parentIndex,
      children: [],
      depth: parent === undefined ? 0 : parent.depth + 1,
      skewed: parent !== undefined && startNs < parent.startNs,
    });
    (parent === undefined ? this.roots : parent.children).push(index);
    return index;
  }
}

function byStart(a: TreeSpan, b: TreeSpan): number {
  if (a.startUnixNano !== b.startUnixNano) return a.startUnixNano < b.startUnixNano ? -1 : 1;
  return a.spanId < b.spanId ? -1 : 1;
}

function appendTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function describeRepairs(
  duplicates: number,
  orphans: number,
  cut: number,
  nodes: readonly SpanNode<TreeSpan>[],
): string[] {
  const warnings: string[] = [];
  if (duplicates > 0)
    warnings.push(
      `${spansThat(duplicates, "has", "have")} the id of another span: the first of each is shown.`,
    );
  if (orphans > 0)
    warnings.push(`${spansThat(orphans, "names", "name")} a parent that has not arrived: shown as roots.`);
  if (cut > 0)
    warnings.push(
      `${spansThat(cut, "is its", "are their")} own ancestor: the cycle is cut at its earliest span.`,
    );
  const skewed = nodes.filter((node) => node.skewed);
  if (skewed.length > 0) {
    const worst = skewed.reduce(
      (most, node) => Math.max(most, (nodes[node.parent]?.startNs ?? 0) - node.startNs),
      0,
    );
    const by =
      worst >= 1_000_000 ? `${(worst / 1_000_000).toFixed(1)} ms` : `${(worst / 1_000).toFixed(1)} µs`;
    warnings.push(
      `${spansThat(skewed.length, "starts", "start")} up to ${by} before the parent: their clocks differ. Times are shown as sent.`,
    );
  }
  return warnings;
}

function spansThat(count: number, one: string, many: string): string {
  return count === 1 ? `1 span ${one}` : `${count} spans ${many}`;
}
