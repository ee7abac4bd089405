import type { TraceSpan } from "@/lib/api/contract";
import { formatDuration } from "@/lib/format";

interface SpanBarProps {
  readonly span: TraceSpan;
  /** Since the start of the trace. */
  readonly startNs: number;
  readonly traceDurationNs: number;
  readonly colour: string;
}

/** Below this share of the axis the duration is written to the left of the bar when the bar ends far right. */
const LABEL_SHARE = 0.86;

/**
 * A span on the time axis. The ember part is its time on CPU: samples have no time of their own, so it says how much, not
 * when, and starts at the left. More than one core fills the bar and is said in the label.
 */
export function SpanBar({ span, startNs, traceDurationNs, colour }: SpanBarProps) {
  const left = Math.max(0, startNs / traceDurationNs);
  const width = Math.min(1 - left, span.durationNs / traceDurationNs);
  const onCpu = span.durationNs > 0 ? span.cpuNs / span.durationNs : 0;
  const right = left + width;
  const labelLeft = right > LABEL_SHARE;
  return (
    <div className="absolute inset-0">
      <div
        className="absolute top-1/2 h-3 min-w-0.5 -translate-y-1/2 overflow-hidden rounded-sm"
        style={{
          left: `${left * 100}%`,
          width: `${width * 100}%`,
          background: `color-mix(in oklch, ${colour} 55%, var(--surface))`,
        }}
      >
        {span.critical && (
          <span className="absolute inset-x-0 bottom-0 h-0.5" style={{ background: colour }} />
        )}
        {onCpu > 0 && (
          <span
            className="absolute inset-y-0 left-0 min-w-0.5 bg-accent"
            style={{ width: `${Math.min(1, onCpu) * 100}%` }}
          />
        )}
      </div>
      <span
        className="absolute top-1/2 -translate-y-1/2 px-1.5 text-xs whitespace-nowrap text-muted tabular-nums"
        style={labelLeft ? { right: `${(1 - left) * 100}%` } : { left: `${right * 100}%` }}
      >
        {formatDuration(span.durationNs)}
        {span.cpuNs > 0 && <span className="text-accent-ink"> · {formatDuration(span.cpuNs)} CPU</span>}
      </span>
    </div>
  );
}
