"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect } from "react";

interface VirtualRows {
  /** The rows to draw, with their place in the whole list. */
  rows: readonly { index: number; key: number | string }[];
  /** Heights in px of the spacers before and after the drawn rows. */
  before: number;
  after: number;
  scrollToRow: (index: number) => void;
}

/**
 * Rows of one height in a scrolling box. Spacer rows rather than absolute positions keep a real `<table>`: put
 * `<tr aria-hidden style={{ height: before }} />` ahead of the rows and one with `after` behind them, and the count in `aria-rowcount`.
 *
 * @param rowHeight in px
 */
export function useVirtualRows(
  count: number,
  rowHeight: number,
  scroller: RefObject<HTMLElement | null>,
): VirtualRows {
  const virtualizer = useVirtualizer({
    count,
    estimateSize: () => rowHeight,
    getScrollElement: () => scroller.current,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  return {
    rows: items.map(({ index, key }) => ({ index, key: typeof key === "bigint" ? String(key) : key })),
    before: first?.start ?? 0,
    after: last === undefined ? 0 : virtualizer.getTotalSize() - last.end,
    scrollToRow: (index) => virtualizer.scrollToIndex(index, { align: "auto" }),
  };
}

/** Asks for more when the last row drawn is fewer than `ahead` rows from the end of what is loaded, until all is. */
export function useNearEnd(
  virtual: VirtualRows,
  {
    ahead,
    loaded,
    onNearEnd,
    total,
  }: { ahead: number; loaded: number; total: number; onNearEnd: () => void },
): void {
  const lastDrawn = virtual.rows.at(-1)?.index ?? -1;
  useEffect(() => {
    if (lastDrawn >= 0 && lastDrawn > loaded - ahead && loaded < total) onNearEnd();
  }, [ahead, lastDrawn, loaded, total, onNearEnd]);
}
