"use client";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import type { Service } from "@/lib/api/contract";
import { formatAgo } from "@/lib/format";
import { formatRange, type TimeRangeTokens } from "./time-range";
import { useTimeRange } from "./use-time-range";

interface EmptyRangeProps {
  /** Where to look for the latest data. */
  services: readonly Pick<Service, "lastSeenUnixNano">[];
  /** What there is none of: "requests". */
  what: string;
}

const HOUR_MS = 3_600_000;

/** Nothing in this range, but somewhere: says when, and goes there. */
export function EmptyRange({ services, what }: EmptyRangeProps) {
  const { tokens, nowMillis, setRange } = useTimeRange();
  const latest = services.reduce((last, { lastSeenUnixNano }) => {
    const instant = BigInt(lastSeenUnixNano);
    return instant > last ? instant : last;
  }, 0n);
  const showLatest = () => {
    const end = Number(latest / 1_000_000n) + 1_000;
    setRange({ from: new Date(end - HOUR_MS).toISOString(), to: new Date(end).toISOString() });
  };
  return (
    <EmptyState
      title={`No ${what} in this range`}
      actions={
        <>
          {latest > 0n && (
            <Button variant="solid" onClick={showLatest}>
              Go to the latest data
            </Button>
          )}
          <Button onClick={() => setRange({ from: "now-7d", to: "now" })}>Last 7 days</Button>
        </>
      }
    >
      {latest > 0n
        ? `You are looking at ${nameRange(tokens)}; the latest came ${formatAgo(latest, nowMillis)}.`
        : `You are looking at ${nameRange(tokens)}.`}
    </EmptyState>
  );
}

function nameRange(tokens: TimeRangeTokens): string {
  const text = formatRange(tokens);
  return text.startsWith("Last ") ? `the l${text.slice(1)}` : text;
}
