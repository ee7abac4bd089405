import type { FlameNode } from "@/lib/api/contract";
import type { FunctionText } from "@/lib/store/find-functions";

/** One node of the merged call tree as the engine sums it; ids are unsigned 64-bit decimals. */
export interface FlameRow {
  readonly id: string;
  readonly parentId: string;
  readonly functionId: string;
  /** Of a service's or endpoint's node, which is no function. */
  readonly key: string | undefined;
  readonly total: number;
  readonly self: number;
  readonly sampleCount: number;
}

/**
 * Links rows into a tree, children in the rows' order. What the node budget cut shows in `cut`, so that in every node
 * total = self + the children's totals + cut.
 *
 * @param rows closed under parents: each but the root's has its parent's row; in any order
 * @param rootId of the row to answer with; where it is missing the tree is one empty node
 * @param title the name of a root that is no function
 */
export function assembleFlameTree(
  rows: readonly FlameRow[],
  functions: ReadonlyMap<string, FunctionText>,
  rootId: string,
  title: string,
): FlameNode {
  const nodes = new Map<string, FlameNode>();
  for (const row of rows) {
    const known = functions.get(row.functionId);
    nodes.set(row.id, {
      name: row.key ?? known?.name ?? (row.id === rootId ? title : `function ${row.functionId}`),
      file: known?.file ?? "",
      line: known?.startLine ?? 0,
      id: row.id,
      self: row.self,
      total: row.total,
      sampleCount: row.sampleCount,
      cut: row.total - row.self,
      children: [],
    });
  }
  for (const row of rows) {
    const node = nodes.get(row.id);
    const parent = row.id === rootId ? undefined : nodes.get(row.parentId);
    if (node === undefined || parent === undefined) continue;
    parent.children.push(node);
    parent.cut -= node.total;
  }
  return (
    nodes.get(rootId) ?? {
      name: title,
      file: "",
      line: 0,
      id: rootId,
      self: 0,
      total: 0,
      sampleCount: 0,
      cut: 0,
      children: [],
    }
  );
}
