"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, CircleAlert } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useState } from "react";
import { useWidth } from "@/components/chart/use-width";
import { SpanBar, SpanBarLegend } from "@/components/trace/span-bar";
import { TimeGrid, TimeRuler } from "@/components/trace/time-ruler";
import { moveByKey } from "@/components/trace/waterfall-keys";
import {
  ancestorIds,
  buildWaterfallRows,
  type WaterfallRow,
  type WaterfallTree,
} from "@/components/trace/waterfall-rows";
import { SenderName } from "@/components/ui/sender-name";
import { formatCounted, formatDuration, formatDurationExact } from "@/lib/format";

const ROW_HEIGHT = 28;
const MAX_INDENT = 12;

interface WaterfallProps {
  /** the tree grid, which has the keys */
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly tree: WaterfallTree;
  readonly colourOf: (service: string) => string;
  readonly selectedSpanId: string | null;
  readonly onSelect: (spanId: string) => void;
}

/**
 * The spans of a trace in time: a tree grid of virtual rows, moved through with the arrow keys, folded with left and right.
 * The row under the keyboard is the selected one, so that the detail and the flame graph follow.
 */
export function Waterfall({ grid, tree, colourOf, selectedSpanId, onSelect }: WaterfallProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => buildWaterfallRows(tree, folded), [tree, folded]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const [axis, axisWidth] = useWidth<HTMLDivElement>();
  const current = rows.findIndex((row) => row.span.spanId === selectedSpanId);

  // A link may name a span inside a folded or far-away part: bring it into view once it is selected.
  useEffect(() => {
    if (selectedSpanId === null) return;
    setFolded((before) => {
      const hidden = ancestorIds(tree, selectedSpanId).filter((id) => before.has(id));
      return hidden.length === 0 ? before : without(before, hidden);
    });
  }, [selectedSpanId, tree]);
  useEffect(() => {
    if (current >= 0) virtual.scrollToIndex(current, { align: "auto" });
  }, [current, virtual]);

  const fold = (spanId: string, hide: boolean) =>
    setFolded((before) => (hide ? new Set([...before, spanId]) : without(before, [spanId])));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const move = moveByKey(event.key, rows, current, tree);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === "select") onSelect(move.spanId);
    else fold(move.spanId, move.kind === "fold");
  };

  return (
    <div className="flex flex-col overflow-hidden rounded-lg border bg-surface outline-focus [--indent:8px] [--waterfall:minmax(9rem,46%)_minmax(0,1fr)_4rem] has-[[role=treegrid]:focus-visible]:outline-2 sm:[--indent:14px] sm:[--waterfall:minmax(9rem,36%)_minmax(0,1fr)_4.5rem_4.5rem]">
      <div className="grid h-7 shrink-0 grid-cols-(--waterfall) border-b bg-sunken text-xs text-muted">
        <div className="@container flex min-w-0 justify-between gap-3 px-3 leading-7">
          Span
          <SpanBarLegend className="@max-[17rem]:hidden" />
        </div>
        <div ref={axis} className="overflow-hidden">
          <TimeRuler durationNs={tree.durationNs} width={axisWidth} />
        </div>
        <div className="num pr-3 leading-7">Duration</div>
        <div
          className="num hidden pr-3 leading-7 sm:block"
          title="CPU time of the span and of those below it"
        >
          CPU
        </div>
      </div>
      <div
        ref={grid}
        role="treegrid"
        aria-label="Spans of the trace"
        aria-rowcount={rows.length}
        aria-activedescendant={current >= 0 ? rowId(rows[current]) : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="max-h-[clamp(14rem,38dvh,26rem)] overflow-y-auto overscroll-contain outline-none"
      >
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <SpanRow
                key={row.span.spanId}
                row={row}
                position={item.index}
                top={item.start}
                traceDurationNs={tree.durationNs}
                axisWidth={axisWidth}
                colour={colourOf(row.span.service)}
                selected={item.index === current}
                onSelect={() => onSelect(row.span.spanId)}
                onFold={() => fold(row.span.spanId, row.expanded)}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface SpanRowProps {
  readonly row: WaterfallRow;
  readonly position: number;
  readonly top: number;
  readonly traceDurationNs: number;
  /** px */
  readonly axisWidth: number;
  readonly colour: string;
  readonly selected: boolean;
  readonly onSelect: () => void;
  readonly onFold: () => void;
}

function SpanRow(props: SpanRowProps) {
  const { row, position, top, traceDurationNs, axisWidth, colour, selected, onSelect, onFold } = props;
  const { span, node, below } = row;
  const failed = span.status === "Error";
  const Chevron = row.expanded ? ChevronDown : ChevronRight;
  return (
    // The grid has the focus and the keys; a row is clicked with the pointer only.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree grid handles the keys of its rows
    <div
      id={rowId(row)}
      role="row"
      tabIndex={-1}
      aria-level={node.depth + 1}
      aria-rowindex={position + 1}
      aria-selected={selected}
      aria-expanded={below.spans > 0 ? row.expanded : undefined}
      onClick={onSelect}
      className={`absolute inset-x-0 grid cursor-pointer grid-cols-(--waterfall) ${selected ? "bg-selected" : "hover:bg-hover"}`}
      style={{ height: ROW_HEIGHT, transform: `translateY(${top}px)` }}
    >
      <div
        role="gridcell"
        className="flex min-w-0 items-center gap-1.5 border-r pr-2"
        style={{ paddingLeft: `calc(8px + ${Math.min(node.depth, MAX_INDENT)} * var(--indent))` }}
      >
        {below.spans > 0 ? (
          <button
            type="button"
            tabIndex={-1}
            aria-label={row.expanded ? `Fold ${span.name}` : `Unfold ${span.name}`}
            onClick={(event) => {
              event.stopPropagation();
              onFold();
            }}
            className="grid size-5 shrink-0 place-items-center rounded-sm text-subtle hover:bg-hover hover:text-ink"
          >
            <Chevron size={14} aria-hidden />
          </button>
        ) : (
          <span className="size-5 shrink-0" />
        )}
        <span aria-hidden className="h-3.5 w-1 shrink-0 rounded-full" style={{ background: colour }} />
        <span className="min-w-0 truncate" title={`${span.service} · ${span.name}`}>
          <SenderName name={span.name} className={failed ? "text-danger-ink" : undefined} />
          <span className="ml-1.5 text-subtle max-sm:hidden">{span.service}</span>
        </span>
        {failed && <CircleAlert size={13} className="shrink-0 text-danger" aria-label="error" />}
        {!row.expanded && below.spans > 0 && (
          <span className="shrink-0 rounded-sm bg-sunken px-1 text-xs text-muted tabular-nums">
            +{below.spans}
            {below.errors > 0 && <span className="text-danger-ink"> · {below.errors} failed</span>}
          </span>
        )}
      </div>
      <div role="gridcell" className="relative">
        <TimeGrid durationNs={traceDurationNs} width={axisWidth} />
        <SpanBar
          span={span}
          belowCpuNs={below.cpuNs}
          startNs={node.startNs}
          traceDurationNs={traceDurationNs}
          colour={colour}
        />
        <span className="sr-only">starts after {formatDuration(node.startNs)}</span>
      </div>
      <div
        role="gridcell"
        className="num self-center pr-3 text-sm"
        title={formatDurationExact(span.durationNs)}
      >
        {formatDuration(span.durationNs)}
      </div>
      <div
        role="gridcell"
        className="num hidden self-center pr-3 text-sm text-accent-ink sm:block"
        title={`${formatDurationExact(span.cpuNs)} in the span itself (${formatCounted(span.sampleCount, "sample")}), ${formatDurationExact(below.cpuNs)} below it`}
      >
        {span.cpuNs + below.cpuNs > 0 ? formatDuration(span.cpuNs + below.cpuNs) : ""}
      </div>
    </div>
  );
}

const rowId = (row: WaterfallRow | undefined) => (row ? `span-${row.span.spanId}` : undefined);

function without(set: ReadonlySet<string>, removed: readonly string[]): ReadonlySet<string> {
  return new Set([...set].filter((id) => !removed.includes(id)));
}
