"use client";

import Link from "next/link";
import { useRef } from "react";
import { useRangeLink } from "@/components/shell/use-time-range";
import { useAskTrace } from "@/components/trace/use-ask-trace";
import { TRACE_COLUMNS, visibility } from "@/components/traces/trace-columns";
import { cn } from "@/components/ui/cn";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh } from "@/components/ui/table";
import { useRowKeys } from "@/components/ui/use-row-keys";
import { useNearEnd, useVirtualRows } from "@/components/ui/use-virtual-rows";
import type { TraceSummary } from "@/lib/api/contract";

const ROW_HEIGHT = 34;
/** Ask for the next page so many rows before its place is seen. */
const AHEAD = 20;

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
  const virtual = useVirtualRows(traces.length, ROW_HEIGHT, scroller);
  const longest = traces.reduce((max, trace) => Math.max(max, trace.durationNs), 1);

  useNearEnd(virtual, { ahead: AHEAD, loaded: traces.length, total, onNearEnd });
  const onKeyDown = useRowKeys(scroller, traces.length, virtual.scrollToRow);

  return (
    <div
      ref={scroller}
      className={cn(
        "max-h-[calc(100dvh-24rem)] min-h-80 overflow-auto overscroll-contain transition-opacity",
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
            {TRACE_COLUMNS.map((column) => (
              <SortableTh
                key={column.sort}
                column={column.sort}
                sort={sort}
                onSort={onSort}
                first={column.first}
                numeric={column.numeric}
                title={column.title}
                className={cn(visibility(column, sort), column.width)}
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
              cellClassName="h-[34px]"
              columns={TRACE_COLUMNS.map((column) => ({
                width: column.numeric === true ? 40 : 72,
                num: column.numeric,
                className: visibility(column, sort),
              }))}
            />
          </tbody>
        ) : (
          <tbody onKeyDown={onKeyDown}>
            <tr aria-hidden style={{ height: virtual.before }} />
            {virtual.rows.map(({ index }) => {
              const trace = traces[index];
              return (
                trace && (
                  <TraceRow key={trace.traceId} trace={trace} index={index} longest={longest} sort={sort} />
                )
              );
            })}
            <tr aria-hidden style={{ height: virtual.after }} />
          </tbody>
        )}
      </table>
    </div>
  );
}

interface TraceRowProps {
  readonly trace: TraceSummary;
  readonly index: number;
  readonly longest: number;
  readonly sort: string;
}

function TraceRow({ trace, index, longest, sort }: TraceRowProps) {
  const link = useRangeLink();
  const askTrace = useAskTrace();
  const ask = () => askTrace(trace.traceId);
  return (
    <tr
      aria-rowindex={index + 2}
      className="relative border-b hover:bg-hover/60 has-focus-visible:bg-selected"
    >
      {TRACE_COLUMNS.map((column) => (
        <td
          key={column.sort}
          title={column.whole?.(trace)}
          className={cn(
            "h-[34px] truncate px-3 align-middle max-sm:px-2",
            column.numeric === true && "num",
            visibility(column, sort),
          )}
        >
          {column.sort === "name" ? (
            <Link
              href={link(`/traces/${trace.traceId}`)}
              data-row={index}
              prefetch={false}
              onPointerDown={ask}
              onClick={ask}
              title={`${trace.rootService} · ${trace.endpoint || trace.rootName}`}
              className="outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
            >
              {column.cell(trace, longest)}
            </Link>
          ) : (
            column.cell(trace, longest)
          )}
        </td>
      ))}
    </tr>
  );
}
