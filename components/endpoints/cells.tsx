import { cn } from "@/components/ui/cn";
import { formatPercent, NO_VALUE } from "@/lib/format";

export const CELL = "h-7 px-2 first:pl-3 last:pr-3";
export const NUMBER = `${CELL} num`;
/** What a phone leaves out: endpoint, errors, p95 and CPU stay. */
export const WIDE = "max-sm:hidden";

/** Cells for which there is no such number: quantiles of a sum, requests of no endpoint. */
export function Blank({ columns }: { columns: string }) {
  return columns.split(" ").map((column) => (
    <td key={column} className={cn(NUMBER, "text-subtle", column !== "errors" && column !== "p95" && WIDE)}>
      {NO_VALUE}
    </td>
  ));
}

interface ShareProps {
  value: number;
  ratio: number;
  /** The value that fills the bar. */
  of: number;
  hot: boolean;
}

/** A bar against the largest row, and the share of the total. */
export function Share({ value, ratio, of, hot }: ShareProps) {
  return (
    <span className="flex items-center gap-2 tabular-nums">
      <span aria-hidden className="h-1.5 w-22 rounded-[1px] bg-sunken">
        <span
          className={cn("block h-full rounded-[1px]", hot ? "bg-accent" : "bg-muted")}
          style={{ width: `${(value / of) * 100}%` }}
        />
      </span>
      <span className="whitespace-nowrap text-muted">{formatPercent(ratio)}</span>
    </span>
  );
}
