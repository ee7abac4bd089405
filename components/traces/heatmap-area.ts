import type { HeatmapResponse } from "@/lib/api/contract";

/** Two corners as fractions of the plot: x to the right, y downwards, each within 0..1. */
export interface Drag {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface HeatmapArea {
  readonly firstColumn: number;
  readonly lastColumn: number;
  /** 0 is the row of the shortest durations, drawn at the bottom. */
  readonly firstRow: number;
  readonly lastRow: number;
}

export interface TraceBounds {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly minDurationNs: number;
  /** undefined: the last row is open above */
  readonly maxDurationNs: number | undefined;
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));

/** The whole cells that a drag touches: what is selected is what is drawn, never half a cell. */
export function areaOfDrag(drag: Drag, heatmap: HeatmapResponse): HeatmapArea {
  const rows = heatmap.durationBoundsNs.length;
  const column = (x: number) => clamp(Math.floor(x * heatmap.columns), heatmap.columns - 1);
  const row = (y: number) => clamp(Math.floor((1 - y) * rows), rows - 1);
  const [left, right] = [Math.min(drag.x0, drag.x1), Math.max(drag.x0, drag.x1)];
  const [top, bottom] = [Math.min(drag.y0, drag.y1), Math.max(drag.y0, drag.y1)];
  return { firstColumn: column(left), lastColumn: column(right), firstRow: row(bottom), lastRow: row(top) };
}

/** The traces inside an area: starts in [from, to), durations in [min, max). */
export function boundsOfArea(area: HeatmapArea, heatmap: HeatmapResponse): TraceBounds {
  const from = BigInt(heatmap.fromUnixNano);
  const step = BigInt(Math.round(heatmap.stepNs));
  return {
    fromNs: from + step * BigInt(area.firstColumn),
    toNs: from + step * BigInt(area.lastColumn + 1),
    minDurationNs: area.firstRow === 0 ? 0 : (heatmap.durationBoundsNs[area.firstRow] ?? 0),
    maxDurationNs: heatmap.durationBoundsNs[area.lastRow + 1],
  };
}

export interface AreaCount {
  readonly traces: number;
  readonly errors: number;
}

export function countInArea(area: HeatmapArea, heatmap: HeatmapResponse): AreaCount {
  let traces = 0;
  let errors = 0;
  for (const cell of heatmap.cells) {
    if (cell.column < area.firstColumn || cell.column > area.lastColumn) continue;
    if (cell.row < area.firstRow || cell.row > area.lastRow) continue;
    traces += cell.traces;
    errors += cell.errors;
  }
  return { traces, errors };
}
