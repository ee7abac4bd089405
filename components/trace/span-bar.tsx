import type { ReactNode } from "react";
import { cn } from "@/components/ui/cn";
import type { TraceSpan } from "@/lib/api/contract";

const CPU_BELOW = "bg-[color-mix(in_oklch,var(--accent)_48%,var(--surface))]";

interface SpanBarProps {
  readonly span: TraceSpan;
  /** CPU of the spans below it. */
  readonly belowCpuNs: number;
  /** Since the start of the trace. */
  readonly startNs: number;
  readonly traceDurationNs: number;
  readonly colour: string;
}

/**
 * A span on the time axis. Ember is its time on CPU, the paler ember that of the spans below it: samples have no time of
 * their own, so it says how much, not when, and starts at the left. More than one core fills the bar.
 */
export function SpanBar({ span, belowCpuNs, startNs, traceDurationNs, colour }: SpanBarProps) {
  const left = Math.min(1, Math.max(0, startNs / traceDurationNs));
  const width = Math.min(1 - left, span.durationNs / traceDurationNs);
  const share = (ns: number) => (span.durationNs > 0 ? Math.min(1, ns / span.durationNs) : 0);
  return (
    <div
      className="absolute top-1/2 h-3 min-w-0.5 -translate-y-1/2 overflow-hidden rounded-sm"
      style={{
        left: `${left * 100}%`,
        width: `${width * 100}%`,
        background: `color-mix(in oklch, ${colour} 42%, var(--surface))`,
      }}
    >
      {belowCpuNs > 0 && (
        <span
          className={`absolute inset-y-0 left-0 ${CPU_BELOW}`}
          style={{ width: `${share(span.cpuNs + belowCpuNs) * 100}%` }}
        />
      )}
      {span.cpuNs > 0 && (
        <span
          className="absolute inset-y-0 left-0 min-w-0.5 bg-accent"
          style={{ width: `${share(span.cpuNs) * 100}%` }}
        />
      )}
      {span.critical && <span className="absolute inset-x-0 bottom-0 h-0.5" style={{ background: colour }} />}
    </div>
  );
}

/** What the parts of a bar mean. */
export function SpanBarLegend({ className }: { className?: string }) {
  return (
    <span className={cn("flex items-center gap-x-2.5 whitespace-nowrap text-subtle", className)}>
      <LegendItem mark="size-2 rounded-[2px] bg-accent">on CPU</LegendItem>
      <LegendItem mark={`size-2 rounded-[2px] ${CPU_BELOW}`}>spans below</LegendItem>
      <LegendItem mark="h-0.5 w-3 bg-muted">critical path</LegendItem>
    </span>
  );
}

function LegendItem({ mark, children }: { mark: string; children: ReactNode }) {
  return (
    <span className="flex items-center gap-1">
      <span aria-hidden className={mark} />
      {children}
    </span>
  );
}
