import type { TraceResponse, TraceSpan } from "@/lib/api/contract";
import type { SpanId } from "@/lib/ids";
import { buildTraceTree, type SpanNode, type TraceTree, type TreeSpan } from "@/lib/trace/trace-tree";
import { unixNano } from "@/lib/units";

export interface WaterfallSpan extends TreeSpan {
  readonly shown: TraceSpan;
}

export type WaterfallTree = TraceTree<WaterfallSpan> & {
  /** Parallel to `nodes`. */
  readonly below: readonly Below[];
};

/** What a span has below it, at any depth. */
export interface Below {
  readonly spans: number;
  readonly errors: number;
  /** CPU of samples labelled with those spans. */
  readonly cpuNs: number;
}

/** One line of the waterfall. */
export interface WaterfallRow {
  readonly index: number;
  readonly node: SpanNode<WaterfallSpan>;
  readonly span: TraceSpan;
  readonly expanded: boolean;
  /** Shown on a folded row, so that folding hides no error. */
  readonly below: Below;
}

/** @returns undefined for a trace without spans */
export function buildWaterfallTree(trace: TraceResponse): WaterfallTree | undefined {
  if (trace.spans.length === 0) return undefined;
  const tree = buildTraceTree(
    trace.spans.map((shown) => ({
      // The API has checked these ids; a type's brand does not survive JSON.
      spanId: shown.spanId as SpanId,
      parentSpanId: shown.parentSpanId as SpanId | "",
      startUnixNano: unixNano(BigInt(shown.startUnixNano)),
      durationNs: shown.durationNs,
      shown,
    })),
  );
  return { ...tree, below: countBelow(tree) };
}

/** Nodes come parents first: one pass from the last to the first adds each to its parent. */
function countBelow(tree: TraceTree<WaterfallSpan>): Below[] {
  const below = tree.nodes.map(() => ({ spans: 0, errors: 0, cpuNs: 0 }));
  for (let index = tree.nodes.length - 1; index >= 0; index--) {
    const node = tree.nodes[index];
    const own = below[index];
    const parent = below[node?.parent ?? -1];
    if (node === undefined || own === undefined || parent === undefined) continue;
    parent.spans += own.spans + 1;
    parent.errors += own.errors + (node.span.shown.status === "Error" ? 1 : 0);
    parent.cpuNs += own.cpuNs + node.span.shown.cpuNs;
  }
  return below;
}

/** The lines to draw, depth first, without what is folded away. @param folded span ids */
export function buildWaterfallRows(tree: WaterfallTree, folded: ReadonlySet<string>): WaterfallRow[] {
  const rows: WaterfallRow[] = [];
  for (let index = 0; index < tree.nodes.length; ) {
    const node = tree.nodes[index];
    const below = tree.below[index];
    if (node === undefined || below === undefined) break;
    const expanded = !folded.has(node.span.spanId);
    rows.push({ index, node, span: node.span.shown, expanded, below });
    index += expanded ? 1 : below.spans + 1;
  }
  return rows;
}

/** Ids of the spans above a span, so that unfolding them brings it into view. */
export function ancestorIds(tree: WaterfallTree, spanId: string): string[] {
  const ids: string[] = [];
  let node = tree.nodes.find((candidate) => candidate.span.spanId === spanId);
  for (node = tree.nodes[node?.parent ?? -1]; node !== undefined; node = tree.nodes[node.parent]) {
    ids.push(node.span.spanId);
  }
  return ids;
}
