import { Skeleton } from "@/components/ui/skeleton";
import { CELL_HEIGHT } from "./frame-chart";

/** Depth, left and right edge in percent: the outline of a graph that is loading. */
const BARS: readonly (readonly [depth: number, left: number, right: number])[] = [
  [0, 0, 100],
  [1, 0, 96],
  [2, 0, 61],
  [2, 61.3, 96],
  [3, 0, 61],
  [3, 61.3, 88],
  [4, 0, 34],
  [4, 34.3, 58],
  [4, 61.3, 84],
  [5, 0, 34],
  [5, 34.3, 52],
  [5, 61.3, 84],
  [6, 0, 29],
  [6, 34.3, 52],
  [6, 61.3, 73],
  [6, 73.3, 84],
  [7, 0, 18],
  [7, 18.3, 29],
  [7, 34.3, 47],
  [7, 61.3, 71],
  [8, 0, 18],
  [8, 34.3, 47],
  [8, 61.3, 71],
  [9, 0, 12],
  [9, 34.3, 41],
  [9, 61.3, 66],
  [10, 0, 12],
  [10, 34.3, 38],
  [11, 0, 7],
  [11, 34.3, 36],
];
const ROWS = 12;

export function FlameSkeleton({ minHeight }: { minHeight: number }) {
  return (
    <div
      aria-hidden
      className="relative overflow-hidden"
      style={{ height: Math.max(minHeight, ROWS * CELL_HEIGHT) }}
    >
      {BARS.map(([depth, left, right]) => (
        <div
          key={`${depth} ${left}`}
          className="absolute [&>span]:h-[19px]"
          style={{ left: `${left}%`, width: `${right - left}%`, top: depth * CELL_HEIGHT }}
        >
          <Skeleton />
        </div>
      ))}
    </div>
  );
}
