"use client";

import { CircleAlert } from "lucide-react";
import Link from "next/link";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useServiceColour } from "@/components/data/use-services";
import { parseFrameName } from "@/components/flame/frame-name";
import { useRangeLink } from "@/components/shell/use-time-range";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/components/ui/cn";
import { ColourDot } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh } from "@/components/ui/table";
import { useVirtualRows } from "@/components/ui/use-virtual-rows";
import { Value } from "@/components/ui/value";
import type { TraceSort, TraceSummary } from "@/lib/api/contract";
import {
  formatDateTime,
  formatDuration,
  formatInstantExact,
  formatPercent,
  formatTime,
  NO_VALUE,
} from "@/lib/format";

const ROW_HEIGHT = 34;
const MANY_SERVICES = 5;

/** Widths in px; those of the names share what is left. Columns without `always` give way on narrow screens. */
const COLUMNS: readonly {
  sort: TraceSort;
  name: string;
  title?: string;
  numeric?: boolean;
  width?: number;
  when?: string;
}[] = [
  { sort: "start", name: "Start", width: 112, when: "hidden sm:table-cell" },
  { sort: "name", name: "Root", title: "Service and endpoint of the root span", width: 260 },
  { sort: "duration", name: "Duration", width: 176, numeric: true },
  {
    sort: "cpu",
    name: "CPU",
    title: "CPU time of all samples labelled with the trace",
    numeric: true,
    width: 84,
    when: "hidden md:table-cell",
  },
  {
    sort: "cpu_ratio",
    name: "CPU/wall",
    title: "CPU time over duration; above 100 % on several cores",
    numeric: true,
    width: 92,
    when: "hidden md:table-cell",
  },
  {
    sort: "samples",
    name: "Samples",
    title: "CPU samples behind these numbers",
    numeric: true,
    width: 88,
    when: "hidden lg:table-cell",
  },
  {
    sort: "top_function",
    name: "Top function",
    title: "The function with the most CPU of its own",
    when: "hidden lg:table-cell",
  },
  {
    sort: "unexplained",
    name: "Unexplained",
    title: "On the critical path, but neither computing nor in a call that a span names",
    numeric: true,
    width: 110,
    when: "hidden 2xl:table-cell",
  },
  { sort: "spans", name: "Spans", numeric: true, width: 72, when: "hidden md:table-cell" },
  { sort: "errors", name: "Errors", numeric: true, width: 76, when: "hidden sm:table-cell" },
  { sort: "services", name: "Services", width: 96, when: "hidden lg:table-cell" },
];

interface TracesTableProps {
  readonly traces: readonly TraceSummary[];
  readonly total: number;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly onNearEnd: () => void;
  readonly loading: boolean;
  readonly stale: boolean;
}

/** A virtual list of traces. Each row is one link; up and down move between rows. */
export function TracesTable({ traces, total, sort, onSort, onNearEnd, loading, stale }: TracesTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const wanted = useRef<number | null>(null);
  const virtual = useVirtualRows(traces.length, ROW_HEIGHT, scroller);
  const longest = traces.reduce((max, trace) => Math.max(max, trace.durationNs), 1);
  const lastDrawn = virtual.rows.at(-1)?.index ?? -1;

  useEffect(() => {
    if (lastDrawn >= 0 && lastDrawn > traces.length - 20 && traces.length < total) onNearEnd();
  }, [lastDrawn, traces.length, total, onNearEnd]);

  // A row that was out of sight exists only after scrolling: focus follows when it is drawn.
  useEffect(() => {
    if (wanted.current === null) return;
    const link = scroller.current?.querySelector<HTMLAnchorElement>(`a[data-row="${wanted.current}"]`);
    if (link == null) return;
    link.focus();
    wanted.current = null;
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const row = event.target instanceof HTMLElement ? Number(event.target.dataset.row) : Number.NaN;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || Number.isNaN(row)) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(traces.length - 1, row + step));
    wanted.current = next;
    virtual.scrollToRow(next);
    scroller.current?.querySelector<HTMLAnchorElement>(`a[data-row="${next}"]`)?.focus();
  };

  return (
    <div
      ref={scroller}
      className={cn(
        "max-h-[calc(100dvh-21rem)] min-h-80 overflow-auto overscroll-contain transition-opacity",
        stale && "opacity-60",
      )}
    >
      <table
        aria-label="Traces"
        aria-rowcount={total + 1}
        aria-busy={loading || stale}
        className="w-full table-fixed border-collapse"
      >
        <thead className="sticky top-0 z-10 bg-surface shadow-[0_1px_0_var(--line)]">
          <tr>
            {COLUMNS.map((column) => (
              <SortableTh
                key={column.sort}
                column={column.sort}
                sort={sort}
                onSort={onSort}
                first={column.numeric || column.sort === "start" ? "descending" : "ascending"}
                numeric={column.numeric}
                title={column.title}
                className={cn(column.when, widthClass(column.width))}
              >
                {column.name}
              </SortableTh>
            ))}
          </tr>
        </thead>
        {loading ? (
          <tbody>
            <SkeletonRows
              rows={12}
              columns={[{ width: 80 }, { width: 180 }, { width: 120, num: true }, { width: 50, num: true }]}
            />
          </tbody>
        ) : (
          <tbody onKeyDown={onKeyDown}>
            <tr aria-hidden style={{ height: virtual.before }} />
            {virtual.rows.map(({ index }) => {
              const trace = traces[index];
              return trace && <TraceRow key={trace.traceId} trace={trace} index={index} longest={longest} />;
            })}
            <tr aria-hidden style={{ height: virtual.after }} />
          </tbody>
        )}
      </table>
    </div>
  );
}

/** Tailwind reads class names as they stand in the source. */
function widthClass(width: number | undefined): string | undefined {
  return width === undefined ? undefined : WIDTHS.get(width);
}
const WIDTHS = new Map([
  [72, "w-[72px]"],
  [76, "w-[76px]"],
  [84, "w-[84px]"],
  [88, "w-[88px]"],
  [92, "w-[92px]"],
  [96, "w-[96px]"],
  [110, "w-[110px]"],
  [112, "w-[112px]"],
  [260, "w-auto lg:w-[24%]"],
  [176, "w-[104px] sm:w-[176px]"],
]);

function TraceRow({ trace, index, longest }: { trace: TraceSummary; index: number; longest: number }) {
  const link = useRangeLink();
  const cell = "h-[34px] truncate px-3 align-middle";
  const ratio = trace.durationNs > 0 ? trace.cpuNs / trace.durationNs : null;
  return (
    <tr
      aria-rowindex={index + 2}
      className="relative border-b hover:bg-hover/60 has-focus-visible:bg-selected"
    >
      <td
        className={cn(cell, "hidden text-muted tabular-nums sm:table-cell")}
        title={formatInstantExact(trace.startUnixNano)}
      >
        <time dateTime={formatDateTime(trace.startUnixNano)}>{formatTime(trace.startUnixNano)}</time>
      </td>
      <td className={cell}>
        <Link
          href={link(`/traces/${trace.traceId}`)}
          data-row={index}
          prefetch={false}
          title={`${trace.rootService} · ${trace.endpoint || trace.rootName}`}
          className="outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
        >
          <RootName trace={trace} />
        </Link>
      </td>
      <td className={cell}>
        <DurationBar trace={trace} longest={longest} />
      </td>
      <td className={cn(cell, "num hidden md:table-cell")}>
        <Value value={trace.cpuNs} unit="duration" />
      </td>
      <td className={cn(cell, "num hidden md:table-cell")}>
        <span className={cn(ratio === 0 && "text-subtle")}>{formatPercent(ratio)}</span>
      </td>
      <td className={cn(cell, "num hidden lg:table-cell")}>
        <Value value={trace.sampleCount} unit="count" />
      </td>
      <td className={cn(cell, "hidden font-mono text-sm lg:table-cell")} title={trace.topFunction}>
        {trace.topFunction === "" ? (
          <span className="text-subtle">{NO_VALUE}</span>
        ) : (
          shortFunction(trace.topFunction)
        )}
      </td>
      <td className={cn(cell, "num hidden 2xl:table-cell")}>
        <Value value={trace.unexplainedNs} unit="duration" />
      </td>
      <td className={cn(cell, "num hidden md:table-cell")}>
        <Value value={trace.spanCount} unit="count" />
      </td>
      <td className={cn(cell, "num hidden sm:table-cell")}>
        {trace.errorCount > 0 ? (
          <Badge tone="danger">{trace.errorCount}</Badge>
        ) : (
          <span className="text-subtle">0</span>
        )}
      </td>
      <td className={cn(cell, "hidden lg:table-cell")} title={trace.services.join(", ")}>
        <ServiceDots services={trace.services} />
      </td>
    </tr>
  );
}

function RootName({ trace }: { trace: TraceSummary }) {
  const colour = useServiceColour();
  return (
    <span className="flex min-w-0 items-center gap-2">
      <ColourDot colour={colour(trace.rootService)} />
      <span className="truncate">
        {trace.endpoint || trace.rootName}
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
      <span className="num ml-auto w-16 shrink-0" title={`${trace.durationNs.toLocaleString("en")} ns`}>
        {formatDuration(trace.durationNs)}
      </span>
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

/** Import paths are long and their end tells most: `json.(*encodeState).marshal`. */
function shortFunction(name: string): string {
  const { shortPrefix, label } = parseFrameName(name, "");
  return shortPrefix + label;
}
