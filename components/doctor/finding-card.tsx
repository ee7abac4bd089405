"use client";
import Link from "next/link";
import { useRangeLink } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";
import { ServiceName } from "@/components/ui/service-dot";
import type { DoctorFinding } from "@/lib/api/doctor-contract";
import { formatCountExact, formatPercent } from "@/lib/format";
import { Fixes } from "./fixes";
import { ReasonBadge } from "./verdict-badge";

const BARS = { error: "bg-danger", warning: "bg-accent", note: "bg-muted" } as const;

/** One reason: what it is, how much of it there is, where to see it, and what to paste. */
export function FindingCard({ finding, id }: { finding: DoctorFinding; id?: string | undefined }) {
  const { code, count, evidence, fixes, of, sentence, service, severity, traceIds, unit } = finding;
  const link = useRangeLink();
  return (
    <article
      id={id}
      tabIndex={id === undefined ? undefined : -1}
      aria-label={`${code} of ${service}`}
      className="grid scroll-mt-14 gap-x-8 gap-y-3 rounded-lg border border-line bg-surface p-3 target:border-accent lg:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)]"
    >
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <ReasonBadge code={code} severity={severity} />
          <ServiceName name={service} className="text-muted text-sm" />
        </div>
        <p className="mt-2 wrap-anywhere">{sentence}</p>
        <div className="mt-2 flex items-center gap-2 text-muted text-sm tabular-nums">
          <span aria-hidden className="h-1.5 w-24 shrink-0 rounded-[1px] bg-sunken">
            <span
              className={cn("block h-full rounded-[1px]", BARS[severity])}
              style={{ width: `${of === 0 ? 0 : (count / of) * 100}%` }}
            />
          </span>
          <span>
            {formatCountExact(count)} of {formatCountExact(of)} {unit}
            {of > 0 && ` (${formatPercent(count / of)})`}
          </span>
        </div>
        {(traceIds.length > 0 || evidence.length > 0) && (
          <ul className="mt-2 flex flex-wrap gap-x-3 gap-y-1 text-sm" aria-label="Examples">
            {evidence.map((text) => (
              <li key={text} className="min-w-0">
                <code className="wrap-anywhere rounded-sm bg-sunken px-1">{text}</code>
              </li>
            ))}
            {traceIds.map((traceId) => (
              <li key={traceId}>
                <Link
                  prefetch={false}
                  href={link(`/traces/${traceId}`)}
                  className="font-mono underline decoration-line-strong underline-offset-3 hover:decoration-ink"
                >
                  {traceId.slice(0, 12)}…
                </Link>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Fixes fixes={fixes} />
    </article>
  );
}
