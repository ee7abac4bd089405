"use client";

import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useServiceColour } from "@/components/data/use-services";
import { parseFrameName } from "@/components/flame/frame-name";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/components/ui/cn";
import { SenderName } from "@/components/ui/sender-name";
import { ColourDot } from "@/components/ui/service-dot";
import { Value } from "@/components/ui/value";
import type { TraceSort, TraceSummary } from "@/lib/api/contract";
import { TELLING_SAMPLES } from "@/lib/diagnosis/explain-no-samples";
import {
  formatCounted,
  formatDateTime,
  formatDuration,
  formatDurationExact,
  formatInstantExact,
  formatPercent,
  formatTime,
  NO_VALUE,
} from "@/lib/format";

const MANY_SERVICES = 5;

export interface TraceColumn {
  readonly sort: TraceSort;
  readonly name: string;
  readonly title?: string;
  readonly numeric?: boolean;
  /** order of the first click; default: numbers want the largest first */
  readonly first?: "ascending" | "descending";
  /** class of the width; columns without share what is left */
  readonly width?: string;
  /** classes that hide it on narrow screens, unless the list is sorted by it */
  readonly when?: string;
  /** the whole of what a narrow cell cuts */
  readonly whole?: (trace: TraceSummary) => string;
  /** @param longest duration in the list, ns */
  readonly cell: (trace: TraceSummary, longest: number) => ReactNode;
}

/** The link of the row is the table's: `root` draws what stands in it. */
export const TRACE_COLUMNS: readonly TraceColumn[] = [
  {
    sort: "start",
    name: "Start",
    first: "descending",
    width: "w-[112px]",
    when: "hidden sm:table-cell",
    whole: (trace) => formatInstantExact(trace.startUnixNano),
    cell: (trace) => (
      <time dateTime={formatDateTime(trace.startUnixNano)} className="text-muted tabular-nums">
        {formatTime(trace.startUnixNano)}
      </time>
    ),
  },
  {
    sort: "name",
    name: "Root",
    title: "Service and endpoint of the root span",
    width: "w-auto lg:w-[21%]",
    cell: (trace) => <RootName trace={trace} />,
  },
  {
    sort: "duration",
    name: "Duration",
    numeric: true,
    width: "w-[104px] sm:w-[176px]",
    cell: (trace, longest) => <DurationBar trace={trace} longest={longest} />,
  },
  {
    sort: "cpu",
    name: "CPU",
    title: "CPU time of all samples labelled with the trace",
    numeric: true,
    width: "w-[84px]",
    when: "hidden md:table-cell",
    cell: (trace) => <Value value={trace.sampleCount > 0 ? trace.cpuNs : null} unit="duration" />,
  },
  {
    sort: "cpu_ratio",
    name: "CPU/wall",
    title: "CPU time over duration; above 100 % on several cores",
    numeric: true,
    width: "w-[92px]",
    when: "hidden md:table-cell",
    cell: (trace) => <CpuRatio trace={trace} />,
  },
  {
    sort: "samples",
    name: "Samples",
    title: "CPU samples behind these numbers",
    numeric: true,
    width: "w-[88px]",
    when: "hidden lg:table-cell",
    cell: (trace) => <Value value={trace.sampleCount} unit="count" />,
  },
  {
    sort: "top_function",
    name: "Top function",
    title: "The function with the most CPU of its own",
    first: "descending", // traces without one come last
    when: "hidden lg:table-cell",
    whole: (trace) => trace.topFunction,
    cell: (trace) => <TopFunction name={trace.topFunction} />,
  },
  {
    sort: "unexplained",
    name: "Unexplained",
    title: "On the critical path, but neither computing nor in a call that a span names",
    numeric: true,
    width: "w-[110px]",
    when: "hidden 2xl:table-cell",
    cell: (trace) => <Value value={trace.unexplainedNs} unit="duration" />,
  },
  {
    sort: "spans",
    name: "Spans",
    numeric: true,
    width: "w-[72px]",
    when: "hidden md:table-cell",
    cell: (trace) => <Value value={trace.spanCount} unit="count" />,
  },
  {
    sort: "errors",
    name: "Errors",
    numeric: true,
    width: "w-[76px]",
    when: "hidden sm:table-cell",
    cell: (trace) =>
      trace.errorCount > 0 ? (
        <Badge tone="danger">{trace.errorCount}</Badge>
      ) : (
        <span className="text-subtle">0</span>
      ),
  },
  {
    sort: "services",
    name: "Services",
    title: "How many services took part",
    first: "descending",
    width: "w-[96px]",
    when: "hidden lg:table-cell",
    whole: (trace) => trace.services.join(", "),
    cell: (trace) => <ServiceDots services={trace.services} />,
  },
];

/** Classes of a column's cells: what the list is sorted by is shown on every screen. */
export function visibility(column: TraceColumn, sort: string): string | undefined {
  return sort === column.sort || sort === `-${column.sort}` ? undefined : column.when;
}

function RootName({ trace }: { trace: TraceSummary }) {
  const colour = useServiceColour();
  return (
    <span className="flex min-w-0 items-center gap-2">
      <ColourDot colour={colour(trace.rootService)} />
      <span className="truncate">
        <SenderName name={trace.endpoint || trace.rootName} />
        <span className="ml-1.5 text-subtle">{trace.rootService}</span>
      </span>
      {trace.errorCount > 0 && (
        <CircleAlert
          size={13}
          className="shrink-0 text-danger sm:hidden"
          aria-label={`${trace.errorCount} failed`}
        />
      )}
    </span>
  );
}

/** Length against the longest in the list; the ember part is CPU. */
function DurationBar({ trace, longest }: { trace: TraceSummary; longest: number }) {
  const share = trace.durationNs > 0 ? Math.min(1, trace.cpuNs / trace.durationNs) : 0;
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="hidden h-1.5 flex-1 sm:block">
        <span
          className="block h-full min-w-0.5 overflow-hidden rounded-[2px] bg-wait/55"
          style={{ width: `${(100 * trace.durationNs) / longest}%` }}
        >
          <span className="block h-full bg-accent" style={{ width: `${100 * share}%` }} />
        </span>
      </span>
      <span className="num ml-auto w-16 shrink-0" title={formatDurationExact(trace.durationNs)}>
        {formatDuration(trace.durationNs)}
      </span>
    </span>
  );
}

function CpuRatio({ trace: { cpuNs, durationNs, sampleCount } }: { trace: TraceSummary }) {
  if (sampleCount === 0 || durationNs === 0) return <span className="text-subtle">{NO_VALUE}</span>;
  const rough = sampleCount < TELLING_SAMPLES;
  return (
    <span
      className={cn(rough && "text-subtle")}
      title={rough ? `Rough: from ${formatCounted(sampleCount, "sample")}` : undefined}
    >
      {formatPercent(cpuNs / durationNs)}
    </span>
  );
}

/** Import paths are long and their end tells most: `json.(*encodeState).marshal`. */
function TopFunction({ name }: { name: string }) {
  if (name === "") return <span className="text-subtle">{NO_VALUE}</span>;
  const { shortPrefix, label } = parseFrameName(name, "");
  return (
    <span className="text-sm">
      <span className="text-subtle">{shortPrefix}</span>
      {label}
    </span>
  );
}

function ServiceDots({ services }: { services: readonly string[] }) {
  const colour = useServiceColour();
  return (
    <span className="flex items-center gap-1">
      {services.slice(0, MANY_SERVICES).map((service) => (
        <ColourDot key={service} colour={colour(service)} />
      ))}
      <span className="ml-0.5 text-sm text-muted tabular-nums">{services.length}</span>
    </span>
  );
}
