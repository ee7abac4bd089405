import type { FlamegraphResponse, FlameNode } from "@/lib/api/contract";
import { type Ancestor, findPath, isCutSomewhere } from "./drawn-tree";

/** What is looked at: the whole graph, or one node of it with its ancestors. */
export interface ZoomedView {
  readonly node: FlameNode;
  /** root first; empty when nothing is zoomed */
  readonly ancestors: readonly Ancestor[];
  /** complete: all that can be drawn is; partial: the node's own widest frames are still on their way */
  readonly state: "complete" | "partial" | "missing";
}

/**
 * @param whole the answer without focus
 * @param focus the id to zoom into, null for the whole
 * @param own the answer with this focus, null while it is not there
 * @returns `missing` with the whole graph when the focus is not in it (yet)
 */
export function buildZoomedView(
  whole: FlamegraphResponse,
  focus: string | null,
  own: FlamegraphResponse | null,
): ZoomedView {
  if (focus === null || focus === whole.root.id)
    return { node: whole.root, ancestors: [], state: "complete" };
  const path = findPath(whole.root, focus);
  const drawn = path?.at(-1);
  if (own !== null && own.root.id === focus && own.root.total > 0) {
    const ancestors = path === null ? ancestorsOf(whole, own) : path.slice(0, -1).map(knownAncestor);
    return { node: own.root, ancestors, state: "complete" };
  }
  if (path === null || drawn === undefined) return { node: whole.root, ancestors: [], state: "missing" };
  const state = isCutSomewhere(drawn) ? "partial" : "complete";
  return { node: drawn, ancestors: path.slice(0, -1).map(knownAncestor), state };
}

/** @returns true when zooming there takes a request: it is not among the drawn frames, or not all below it is */
export function needsOwnRequest(whole: FlamegraphResponse | undefined, focus: string | null): boolean {
  if (focus === null) return false;
  if (whole === undefined) return true;
  if (focus === whole.root.id) return false;
  const node = findPath(whole.root, focus)?.at(-1);
  return node === undefined || isCutSomewhere(node);
}

function knownAncestor(node: FlameNode): Ancestor {
  return { id: node.id, name: node.name, node };
}

function ancestorsOf(whole: FlamegraphResponse, own: FlamegraphResponse): Ancestor[] {
  let level: FlameNode | undefined = whole.root;
  const between = own.ancestors.map(({ id, name }) => {
    level = level?.children.find((child) => child.id === id);
    return { id, name, node: level ?? null };
  });
  return [knownAncestor(whole.root), ...between];
}
