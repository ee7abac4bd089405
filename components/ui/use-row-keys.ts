"use client";
import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";

/**
 * Up and down move between the rows of a virtual list, each of which is one link with its index in `data-row`.
 * @returns what the rows' container listens with
 */
export function useRowKeys(
  scroller: RefObject<HTMLElement | null>,
  rows: number,
  scrollToRow: (index: number) => void,
): (event: KeyboardEvent) => void {
  const wanted = useRef<number | null>(null);

  const focusRow = (index: number): boolean => {
    const link = scroller.current?.querySelector<HTMLAnchorElement>(`a[data-row="${index}"]`);
    link?.focus();
    return link != null;
  };
  // A row that was out of sight exists only after scrolling: focus follows when it is drawn.
  useEffect(() => {
    if (wanted.current !== null && focusRow(wanted.current)) wanted.current = null;
  });

  return (event) => {
    const row = event.target instanceof HTMLElement ? Number(event.target.dataset.row) : Number.NaN;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || Number.isNaN(row)) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows - 1, row + step));
    scrollToRow(next);
    wanted.current = focusRow(next) ? null : next;
  };
}
