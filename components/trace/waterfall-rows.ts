import type { TraceResponse, TraceSpan } from "@/lib/api/contract";
import type { SpanId } from "@/lib/ids";
import { buildTraceTree, type SpanNode, type TraceTree, type TreeSpan } from "@/lib/trace/trace-tree";
import { unixNano } from "@/lib/units";

export interface WaterfallSpan extends TreeSpan {
  readonly shown: TraceSpan;
}

export type WaterfallTree = TraceTree<WaterfallSpan> & {
  /** Parallel to `nodes`: spans below each at any depth, and how many of those ended in an error. */
  readonly below: readonly { readonly spans: number; readonly errors: number }[];
};

/** One line of the waterfall. */
export interface WaterfallRow {
  readonly index: number;
  readonly node: SpanNode<WaterfallSpan>;
  readonly span: TraceSpan;
  readonly expanded: boolean;
  /** Of its spans below: shown on a folded row, so that folding hides no error. */
  readonly below: { readonly spans: number; readonly errors: number };
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
function countBelow(tree: TraceTree<WaterfallSpan>): { spans: number; errors: number }[] {
  const below = tree.nodes.map(() => ({ spans: 0, errors: 0 }));
  for (let index = tree.nodes.length - 1; index >= 0; index--) {
    const node = tree.nodes[index];
    const own = below[index];
    const parent = below[node?.parent ?? -1];
    if (node === undefined || own === undefined || parent === undefined) continue;
    parent.spans += own.spans + 1;
    parent.errors += own.errors + (node.span.shown.status === "Error" ? 1 : 0);
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
