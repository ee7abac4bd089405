import { cn } from "./cn";

/** A place that data will fill; give it the size of what comes. Hidden from screen readers: the region says `aria-busy`. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden
      className={cn(
        "block h-3 animate-[hs-breathe_1.6s_ease-in-out_infinite] rounded-sm bg-line/80",
        className,
      )}
    />
  );
}

/** Rows of a table that is being loaded: `widths` are the columns' bar widths, right-aligned where `num`. */
export function SkeletonRows({
  rows,
  columns,
  cellClassName,
}: {
  rows: number;
  columns: readonly { width: number; num?: boolean; className?: string }[];
  /** Of each cell, where the table has cells of its own. */
  cellClassName?: string;
}) {
  return Array.from({ length: rows }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the rows are identical and never move
    <tr key={row} className="border-line border-b last:border-b-0">
      {columns.map((column, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns are fixed
        <td key={index} className={cn("h-8 px-3 max-sm:px-2", cellClassName, column.className)}>
          <span className={cn("flex", column.num === true && "justify-end")}>
            <span style={{ width: column.width * (0.75 + ((row * 7 + index * 3) % 5) / 12) }}>
              <Skeleton />
            </span>
          </span>
        </td>
      ))}
    </tr>
  ));
}
