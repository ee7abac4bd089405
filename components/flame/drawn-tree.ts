import type { FlameNode } from "@/lib/api/contract";

/**
 * What the chart lays out. `value` is the total; `fade` is d3-flame-graph's word for "as wide as what lies below".
 *
 *     root            total 100              root        100
 *     ├─ a            60, cut 15     →       ├─ a         60
 *     │  └─ b         30                     │  ├─ b      30
 *     └─ c            20                     │  └─ cut    15
 *        (root.cut 20)                       ├─ c         20
 *                                            └─ cut       20
 */
export interface DrawnFrame {
  readonly kind: "frame" | "ancestor" | "cut";
  /** of the node; a cut frame has its parent's, because zooming into the parent is what shows its content */
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly self: number;
  readonly value: number;
  /** null when not known: of cut frames, and of ancestors that are not drawn in the whole graph */
  readonly sampleCount: number | null;
  readonly fade: boolean;
  readonly children: DrawnFrame[];
}

/** An ancestor of the zoomed frame, with its numbers where they are known. */
export interface Ancestor {
  readonly id: string;
  readonly name: string;
  readonly node: FlameNode | null;
}

/**
 * The hierarchy to draw: ancestors as full-width frames above, so that a zoomed frame keeps its row, then the node with
 * all below it, widest child first and what was cut last.
 *
 * @param minCut cut frames below this value are left out (they would be too narrow to see or click)
 */
export function buildDrawnTree(node: FlameNode, ancestors: readonly Ancestor[], minCut: number): DrawnFrame {
  const top = drawnFrame(node);
  const open: [FlameNode, DrawnFrame][] = [[node, top]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [source, target] = pair;
    for (const child of source.children.toSorted(
      (a, b) => b.total - a.total || compareText(a.name, b.name),
    )) {
      const drawn = drawnFrame(child);
      target.children.push(drawn);
      open.push([child, drawn]);
    }
    if (source.cut > 0 && source.cut >= minCut) target.children.push(cutFrame(source));
  }
  return ancestors.reduceRight<DrawnFrame>((below, ancestor) => ancestorFrame(ancestor, below), top);
}

function drawnFrame(node: FlameNode): DrawnFrame {
  const { id, name, file, line, self, total, sampleCount } = node;
  return { kind: "frame", id, name, file, line, self, value: total, sampleCount, fade: false, children: [] };
}

function cutFrame(parent: FlameNode): DrawnFrame {
  const text = { name: "", file: "", line: 0 };
  return {
    kind: "cut",
    id: parent.id,
    ...text,
    self: 0,
    value: parent.cut,
    sampleCount: null,
    fade: false,
    children: [],
  };
}

function ancestorFrame({ id, name, node }: Ancestor, below: DrawnFrame): DrawnFrame {
  return {
    kind: "ancestor",
    id,
    name,
    file: node?.file ?? "",
    line: node?.line ?? 0,
    self: node?.self ?? 0,
    value: node?.total ?? below.value,
    sampleCount: node?.sampleCount ?? null,
    fade: true,
    children: [below],
  };
}

/** By code unit: the same order in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @returns the nodes from `root` to the one with this id, both included; null when it is not in the tree */
export function findPath(root: FlameNode, id: string): FlameNode[] | null {
  const path: FlameNode[] = [];
  const open: { node: FlameNode; depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    path.length = next.depth;
    path.push(next.node);
    if (next.node.id === id) return path;
    for (const child of next.node.children) open.push({ node: child, depth: next.depth + 1 });
  }
  return null;
}

/** @returns true when something at or below the node was left out, so that its own request would show more */
export function isCutSomewhere(node: FlameNode): boolean {
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.cut > 0) return true;
    for (const child of next.children) open.push(child);
  }
  return false;
}

/** @returns how many frames of a hierarchy match */
export function countFrames(tree: DrawnFrame, matches: (frame: DrawnFrame) => boolean): number {
  let count = 0;
  const open = [tree];
  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    if (matches(frame)) count++;
    for (const child of frame.children) open.push(child);
  }
  return count;
}
