import type { TraceTree, TreeSpan } from "@/lib/trace/trace-tree";
import type { Nanos } from "@/lib/units";

export interface CriticalPath {
  /** Parallel to the tree's nodes: 1 where shortening the span would have ended the root sooner. */
  readonly onPath: Uint8Array;
  /** Parallel to the tree's nodes: the part of the path spent in the span itself. They sum to the root's duration. */
  readonly pathNs: Float64Array;
}

interface Walk {
  readonly index: number;
  readonly from: Nanos;
  /** Everything later is accounted for. */
  until: Nanos;
  /** Last-finishing first; the next to look at is `at`. */
  readonly children: readonly { index: number; from: Nanos; until: Nanos }[];
  at: number;
}

/**
 * Walks back from the end of the first root: whatever finished last before the moment in question is what the span waited
 * for, and from that one's start the search goes on. Children are clipped to their parent, as in Jaeger's critical path:
 * work that goes on after the parent ended held nobody up.
 */
export function findCriticalPath(tree: TraceTree<TreeSpan>): CriticalPath {
  const onPath = new Uint8Array(tree.nodes.length);
  const pathNs = new Float64Array(tree.nodes.length);
  const rootIndex = tree.roots[0];
  const root = rootIndex === undefined ? undefined : tree.nodes[rootIndex];
  if (rootIndex === undefined || root === undefined) return { onPath, pathNs };

  const open: Walk[] = [startWalk(tree, rootIndex, root.startNs, root.endNs)];
  for (let walk = open.at(-1); walk !== undefined; walk = open.at(-1)) {
    onPath[walk.index] = 1;
    const child = walk.children[walk.at++];
    if (child === undefined) {
      pathNs[walk.index] = (pathNs[walk.index] ?? 0) + walk.until - walk.from;
      open.pop();
    } else if (child.until <= walk.until) {
      pathNs[walk.index] = (pathNs[walk.index] ?? 0) + walk.until - child.until;
      walk.until = child.from;
      open.push(startWalk(tree, child.index, child.from, child.until));
    }
  }
  return { onPath, pathNs };
}

function startWalk(tree: TraceTree<TreeSpan>, index: number, from: Nanos, until: Nanos): Walk {
  const children: { index: number; from: Nanos; until: Nanos }[] = [];
  for (const childIndex of tree.nodes[index]?.children ?? []) {
    const child = tree.nodes[childIndex];
    if (child === undefined) continue;
    const clipped = {
      index: childIndex,
      from: Math.max(child.startNs, from),
      until: Math.min(child.endNs, until),
    };
    if (clipped.from < clipped.until) children.push(clipped);
  }
  children.sort((a, b) => b.until - a.until || b.from - a.from);
  return { index, from, until, children, at: 0 };
}
