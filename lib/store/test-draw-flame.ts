import type { FlameNode } from "@/lib/api/contract";

/**
 * A flame graph as text, values in samples of `unit`: `name total` with `self`, `cut` and `#samples` where they are not
 * implied (self = total on a leaf). Children as drawn: widest first, then by name.
 */
export function drawFlame(root: FlameNode, unit = 10_000_000): string {
  const lines: string[] = [];
  const waiting: { node: FlameNode; depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next;
    const self = node.self === 0 || node.self === node.total ? "" : ` self ${node.self / unit}`;
    const cut = node.cut === 0 ? "" : ` cut ${node.cut / unit}`;
    const samples = node.sampleCount === Math.abs(node.total / unit) ? "" : ` #${node.sampleCount}`;
    lines.push(`${"  ".repeat(depth)}${node.name} ${node.total / unit}${self}${cut}${samples}`);
    const children = node.children.toSorted(
      (a, b) => b.total - a.total || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    );
    for (const child of children.reverse()) waiting.push({ node: child, depth: depth + 1 });
  }
  return lines.join("\n");
}

/** Every node of a tree, parents first. */
export function allNodes(root: FlameNode): FlameNode[] {
  const nodes = [root];
  for (const node of nodes) nodes.push(...node.children);
  return nodes;
}
