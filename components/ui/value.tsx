import {
  formatCount,
  formatCountExact,
  formatDuration,
  formatDurationExact,
  formatValue,
  formatValueExact,
  NO_VALUE,
} from "@/lib/format";
import { cn } from "./cn";

interface ValueProps {
  value: number | null | undefined;
  /** `duration` is in nanoseconds; another text is a sample unit (`nanoseconds`, `bytes`, `count`). */
  unit: "duration" | (string & {});
  className?: string;
}

/** A number in three digits with its exact form as the title; zero steps back, so that what is there stands out. */
export function Value({ value, unit, className }: ValueProps) {
  const text =
    unit === "duration"
      ? formatDuration(value)
      : unit === "count"
        ? formatCount(value)
        : formatValue(value, unit);
  const exact =
    unit === "duration"
      ? formatDurationExact(value)
      : unit === "count"
        ? formatCountExact(value)
        : formatValueExact(value, unit);
  const faint = value === 0 || text === NO_VALUE;
  return (
    <span title={exact} className={cn("whitespace-nowrap tabular-nums", faint && "text-subtle", className)}>
      {text}
    </span>
  );
}
