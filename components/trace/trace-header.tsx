import { CopyButton } from "@/components/ui/copy-button";
import { SenderName } from "@/components/ui/sender-name";
import { ServiceName } from "@/components/ui/service-dot";
import type { TraceResponse } from "@/lib/api/contract";
import { TELLING_SAMPLES } from "@/lib/diagnosis/explain-no-samples";
import {
  formatCountExact,
  formatCounted,
  formatDateTime,
  formatDuration,
  formatDurationExact,
  formatInstantExact,
  formatPercent,
} from "@/lib/format";

/** Who, when, how long, and the first answer: was it computing or waiting? */
export function TraceHeader({ trace }: { trace: TraceResponse }) {
  const root = trace.spans.find((span) => span.parentSpanId === "") ?? trace.spans[0];
  const services = [...new Set(trace.spans.map((span) => span.service))];
  const sampled = trace.sampleCount > 0;
  const errors = trace.spans.filter((span) => span.status === "Error").length;
  return (
    <header className="mb-4">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h1
          title={root?.name}
          className="line-clamp-2 min-w-0 wrap-anywhere font-semibold text-lg tracking-[-0.01em]"
        >
          <SenderName name={root?.name ?? "Trace"} />
        </h1>
        {root && <ServiceName name={root.service} className="text-muted" />}
        <span className="ml-auto flex items-center gap-1 text-muted">
          <code className="text-sm" title="Trace id">
            {trace.traceId}
          </code>
          <CopyButton text={trace.traceId} label="Copy the trace id" />
        </span>
      </div>
      <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-2">
        <Fact
          name="Duration"
          value={formatDuration(trace.durationNs)}
          title={formatDurationExact(trace.durationNs)}
          strong
        />
        <Fact
          name="On CPU"
          value={formatDuration(sampled ? trace.cpuNs : null)}
          title={sampled ? `${formatDurationExact(trace.cpuNs)} over all services` : "not seen on a CPU"}
          note={
            trace.sampleCount >= TELLING_SAMPLES && trace.durationNs > 0
              ? `${formatPercent(trace.cpuNs / trace.durationNs)} of wall`
              : undefined
          }
        />
        <Fact
          name="Unexplained"
          value={formatDuration(trace.unexplainedNs)}
          title={`${formatDurationExact(trace.unexplainedNs)}: on the critical path, but neither computing nor in a call that a span names`}
          note={trace.durationNs > 0 ? formatPercent(trace.unexplainedNs / trace.durationNs) : undefined}
        />
        <Fact name="Samples" value={formatCountExact(trace.sampleCount)} />
        <Fact
          name="Spans"
          value={formatCountExact(trace.spans.length)}
          note={errors > 0 ? `${formatCountExact(errors)} failed` : undefined}
          failed={errors > 0}
        />
        <Fact name="Services" value={String(services.length)} title={services.join(", ")} />
        <Fact
          name="Started"
          value={formatDateTime(trace.startUnixNano)}
          title={formatInstantExact(trace.startUnixNano)}
        />
      </dl>
      {trace.warnings.length > 0 && (
        <details className="mt-3 text-sm text-muted">
          <summary className="cursor-pointer">
            {formatCounted(trace.warnings.length, "remark")} about this trace's spans
          </summary>
          <ul className="mt-1 list-disc pl-5">
            {trace.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </header>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly note?: string;
  readonly strong?: boolean;
  readonly failed?: boolean;
}

function Fact({ name, value, title, note, strong = false, failed = false }: FactProps) {
  return (
    <div title={title}>
      <dt className="text-xs text-subtle">{name}</dt>
      <dd className={`tabular-nums ${strong ? "font-semibold" : ""}`}>
        {value}
        {note && (
          <span className={`ml-1.5 font-normal text-sm ${failed ? "text-danger-ink" : "text-muted"}`}>
            {note}
          </span>
        )}
      </dd>
    </div>
  );
}
