/** The part of d3-hierarchy's node that moving about needs. */
export interface PlacedFrame<T extends PlacedFrame<T>> {
  readonly depth: number;
  readonly x0: number;
  readonly x1: number;
  readonly parent: T | null;
}

export type FrameMove = "parent" | "child" | "left" | "right" | "first" | "last";

/** Frames as they stand on the screen: rows by depth, each from left to right. */
export function buildFrameRows<T extends PlacedFrame<T>>(frames: readonly T[]): T[][] {
  const rows: T[][] = [];
  for (const frame of frames) {
    const row = rows[frame.depth] ?? [];
    rows[frame.depth] = row;
    row.push(frame);
  }
  for (const row of rows) row.sort((a, b) => a.x0 - b.x0);
  return rows;
}

/**
 * Where a key leads. Left and right go on from siblings to the nearest cousins of the same row, so that a row can be
 * walked without going up; a move that leads nowhere stays.
 *
 *     ┌────────── a ──────────┐      from b:  parent a   child d (the widest)
 *     ├─── b ───┬── c ──┐            left b   right c
 *     ├d─┬e┐    ├─ f ─┐              from e:  right f
 */
export function moveFrame<T extends PlacedFrame<T>>(
  rows: readonly (readonly T[])[],
  from: T,
  move: FrameMove,
): T {
  const row = rows[from.depth] ?? [];
  switch (move) {
    case "parent":
      return from.parent ?? from;
    case "child":
      return widest((rows[from.depth + 1] ?? []).filter((frame) => frame.parent === from)) ?? from;
    case "left":
      return row[row.indexOf(from) - 1] ?? from;
    case "right":
      return row[row.indexOf(from) + 1] ?? from;
    case "first":
      return rows[0]?.[0] ?? from;
    case "last":
      return rows.at(-1)?.[0] ?? from;
  }
}

function widest<T extends PlacedFrame<T>>(frames: readonly T[]): T | undefined {
  return frames.reduce<T | undefined>(
    (best, frame) => (best === undefined || frame.x1 - frame.x0 > best.x1 - best.x0 ? frame : best),
    undefined,
  );
}
