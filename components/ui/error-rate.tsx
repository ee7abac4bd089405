import { formatCountExact, formatPercent, NO_VALUE } from "@/lib/format";
import { cn } from "./cn";

/** A share of requests, red as soon as there is one error, heavier from one in a hundred. */
export function ErrorRate({ errors, requests }: { errors: number; requests: number }) {
  if (requests === 0) return <span className="text-subtle">{NO_VALUE}</span>;
  return (
    <span
      title={`${formatCountExact(errors)} of ${formatCountExact(requests)} requests`}
      className={cn(
        errors > 0 ? "text-danger-ink" : "text-subtle",
        errors / requests >= 0.01 && "font-medium",
      )}
    >
      {formatPercent(errors / requests)}
    </span>
  );
}
