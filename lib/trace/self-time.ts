import type { SpanNode, TraceTree, TreeSpan } from "@/lib/trace/trace-tree";
import type { Nanos } from "@/lib/units";

/**
 * @returns for each node of the tree its duration minus the union of its children's intervals, these clipped to the span:
 *   parallel children count once, and what a child does after its parent ended takes nothing from the parent
 */
export function computeSelfTimes(tree: TraceTree<TreeSpan>): Float64Array {
  const selfNs = new Float64Array(tree.nodes.length);
  tree.nodes.forEach((node, index) => {
    selfNs[index] = node.endNs - node.startNs - coveredByChildren(node, tree.nodes);
  });
  return selfNs;
}

function coveredByChildren(node: SpanNode<TreeSpan>, nodes: readonly SpanNode<TreeSpan>[]): Nanos {
  let covered = 0;
  let reached = node.startNs; // children come by start, so one sweep unites them
  for (const index of node.children) {
    const child = nodes[index];
    if (child === undefined) continue;
    const end = Math.min(child.endNs, node.endNs);
    if (end <= reached) continue;
    covered += end - Math.max(child.startNs, reached);
    reached = end;
  }
  return covered;
}
