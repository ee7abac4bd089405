import { describe, expect, test } from "vitest";
import { areaOfDrag, boundsOfArea, countInArea } from "@/components/traces/heatmap-area";
import type { HeatmapResponse } from "@/lib/api/contract";

const heatmap: HeatmapResponse = {
  fromUnixNano: "1000",
  stepNs: 10,
  columns: 4,
  durationBoundsNs: [1, 10, 100],
  cells: [
    { column: 0, row: 0, traces: 5, errors: 1 },
    { column: 3, row: 2, traces: 2, errors: 2 },
  ],
};

describe("an area of the heat map", () => {
  test("is the whole cells that the drag touches, in either direction", () => {
    const area = { firstColumn: 1, lastColumn: 2, firstRow: 1, lastRow: 2 };
    expect(areaOfDrag({ x0: 0.26, y0: 0.1, x1: 0.7, y1: 0.5 }, heatmap)).toEqual(area);
    expect(areaOfDrag({ x0: 0.7, y0: 0.5, x1: 0.26, y1: 0.1 }, heatmap)).toEqual(area);
  });

  test("reaches to the edges and not beyond", () => {
    expect(areaOfDrag({ x0: -1, y0: -1, x1: 2, y1: 2 }, heatmap)).toEqual({
      firstColumn: 0,
      lastColumn: 3,
      firstRow: 0,
      lastRow: 2,
    });
  });

  test("names the traces inside: the lowest row is open below, the highest above", () => {
    expect(boundsOfArea({ firstColumn: 1, lastColumn: 2, firstRow: 1, lastRow: 1 }, heatmap)).toEqual({
      fromNs: 1010n,
      toNs: 1030n,
      minDurationNs: 10,
      maxDurationNs: 100,
    });
    const all = boundsOfArea({ firstColumn: 0, lastColumn: 3, firstRow: 0, lastRow: 2 }, heatmap);
    expect([all.minDurationNs, all.maxDurationNs]).toEqual([0, undefined]);
  });

  test("counts what it covers", () => {
    expect(countInArea({ firstColumn: 0, lastColumn: 3, firstRow: 0, lastRow: 2 }, heatmap)).toEqual({
      traces: 7,
      errors: 3,
    });
    expect(countInArea({ firstColumn: 0, lastColumn: 2, firstRow: 0, lastRow: 2 }, heatmap)).toEqual({
      traces: 5,
      errors: 1,
    });
  });
});
