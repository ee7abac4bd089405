import type { WaterfallRow, WaterfallTree } from "@/components/trace/waterfall-rows";

export type WaterfallMove =
  | { readonly kind: "select"; readonly spanId: string }
  | { readonly kind: "fold" | "unfold"; readonly spanId: string };

const PAGE = 10;

/**
 * What a key does in the tree grid (WAI-ARIA practices, treegrid): up and down move, left folds or goes to the parent, right
 * unfolds or goes to the first child.
 * @param current index of the selected row, -1 when none is
 * @returns undefined for a key that means nothing here
 */
export function moveByKey(
  key: string,
  rows: readonly WaterfallRow[],
  current: number,
  tree: WaterfallTree,
): WaterfallMove | undefined {
  const row = rows[current];
  const select = (index: number): WaterfallMove | undefined => {
    const target = rows[Math.max(0, Math.min(rows.length - 1, index))];
    return target && { kind: "select", spanId: target.span.spanId };
  };
  switch (key) {
    case "ArrowDown":
      return select(current + 1);
    case "ArrowUp":
      return select(current - 1);
    case "PageDown":
      return select(current + PAGE);
    case "PageUp":
      return select(current - PAGE);
    case "Home":
      return select(0);
    case "End":
      return select(rows.length - 1);
    case "ArrowLeft": {
      if (row === undefined) return undefined;
      if (row.expanded && row.below.spans > 0) return { kind: "fold", spanId: row.span.spanId };
      const parent = tree.nodes[row.node.parent];
      return parent && { kind: "select", spanId: parent.span.spanId };
    }
    case "ArrowRight": {
      if (row === undefined || row.below.spans === 0) return undefined;
      return row.expanded ? select(current + 1) : { kind: "unfold", spanId: row.span.spanId };
    }
    default:
      return undefined;
  }
}
