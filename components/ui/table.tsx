"use client";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

/** A table that scrolls inside its own box: sideways, and down where `boxClassName` limits its height. `label` names it. */
export function Table({
  label,
  className,
  boxClassName,
  children,
  ...props
}: ComponentProps<"table"> & { label: string; boxClassName?: string }) {
  return (
    <div className={cn("w-full overflow-x-auto", boxClassName)}>
      <table aria-label={label} className={cn("w-full border-collapse text-base", className)} {...props}>
        {children}
      </table>
    </div>
  );
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return (
    <tr className={cn("border-line border-b last:border-b-0 hover:bg-hover/60", className)} {...props} />
  );
}

interface CellProps extends ComponentProps<"td"> {
  /** Right-aligned tabular figures. */
  numeric?: boolean;
}

export function Td({ numeric = false, className, ...props }: CellProps) {
  return (
    <td className={cn("h-8 px-3 py-1 align-middle max-sm:px-2", numeric && "num", className)} {...props} />
  );
}

interface ThProps extends ComponentProps<"th"> {
  numeric?: boolean;
}

const HEADER = "h-8 whitespace-nowrap px-3 max-sm:px-2 text-left align-middle font-medium text-muted text-sm";

export function Th({ numeric = false, className, ...props }: ThProps) {
  return <th scope="col" className={cn(HEADER, numeric && "text-right", className)} {...props} />;
}

/** `-duration`: descending by duration; the form of the API's `sort` parameter. */
export type SortState<K extends string> = K | `-${K}`;

interface SortableThProps<K extends string> {
  column: K;
  sort: string;
  onSort: (sort: SortState<K>) => void;
  /** The first click sorts so; numbers want the largest first. */
  first?: "ascending" | "descending";
  numeric?: boolean;
  title?: string;
  className?: string;
  children: ReactNode;
}

/** A header whose button sorts: one click by this column, another turns the order around. */
export function SortableTh<K extends string>(props: SortableThProps<K>) {
  const {
    column,
    sort,
    onSort,
    first = props.numeric === true ? "descending" : "ascending",
    numeric = false,
  } = props;
  const state = sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
  const next = state === "none" ? first : state === "ascending" ? "descending" : "ascending";
  const Arrow = state === "ascending" ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      aria-sort={state}
      className={cn(HEADER, "p-0 max-sm:p-0", numeric && "text-right", props.className)}
    >
      <button
        type="button"
        title={props.title}
        onClick={() => onSort(next === "ascending" ? column : `-${column}`)}
        className={cn(
          "group flex h-8 w-full items-center gap-1 px-3 max-sm:px-2 -outline-offset-2 hover:text-ink",
          numeric && "flex-row-reverse",
          state !== "none" && "text-ink",
        )}
      >
        {props.children}
        <Arrow
          aria-hidden
          className={cn(
            "size-3 shrink-0",
            state === "none" && "opacity-0 group-hover:opacity-40 group-focus-visible:opacity-40",
          )}
        />
      </button>
    </th>
  );
}
