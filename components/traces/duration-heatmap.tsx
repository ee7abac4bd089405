"use client";

import { type PointerEvent, useRef, useState } from "react";
import { buildTimeTicks } from "@/components/chart/time-ticks";
import { useWidth } from "@/components/chart/use-width";
import {
  areaOfDrag,
  boundsOfArea,
  countInArea,
  type Drag,
  type HeatmapArea,
} from "@/components/traces/heatmap-area";
import type { TraceFilters } from "@/components/traces/use-trace-filters";
import type { HeatmapResponse } from "@/lib/api/contract";
import { formatCounted, formatDuration, formatTime } from "@/lib/format";

const HEIGHT = 132;
/** What a label such as `14:05:30` takes, in px, and the room from one to the next. */
const TIME_LABEL_WIDTH = 52;
const TIME_LABEL_ROOM = 80;

interface DurationHeatmapProps {
  readonly heatmap: HeatmapResponse;
  readonly filters: TraceFilters;
}

/**
 * How many traces started when, by duration on a logarithmic scale. Dragging over cells lists only those traces; a click is a
 * drag over one cell. The filters above say the same with the keyboard.
 */
export function DurationHeatmap({ heatmap, filters }: DurationHeatmapProps) {
  const plot = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [hover, setHover] = useState<HeatmapArea | null>(null);
  const rows = heatmap.durationBoundsNs.length;
  const most = heatmap.cells.reduce((max, cell) => Math.max(max, cell.traces), 1);
  const area = drag === null ? hover : areaOfDrag(drag, heatmap);
  const total = heatmap.cells.reduce((sum, cell) => sum + cell.traces, 0);

  const at = (event: PointerEvent) => {
    const box = plot.current?.getBoundingClientRect();
    if (box === undefined) return { x: 0, y: 0 };
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const finish = () => {
    if (drag === null) return;
    setDrag(null);
    const chosen = areaOfDrag(drag, heatmap);
    if (countInArea(chosen, heatmap).traces === 0) return; // an empty list helps nobody
    const bounds = boundsOfArea(chosen, heatmap);
    filters.range.setRange({ from: String(bounds.fromNs), to: String(bounds.toNs) });
    void filters.setFilters({
      min_duration: bounds.minDurationNs === 0 ? null : `${bounds.minDurationNs}ns`,
      max_duration: bounds.maxDurationNs === undefined ? null : `${bounds.maxDurationNs}ns`,
    });
  };

  return (
    <figure aria-label="Traces by start time and duration" className="relative px-3 pt-3 pb-1 select-none">
      <div className="flex">
        <DurationAxis bounds={heatmap.durationBoundsNs} />
        <div
          ref={plot}
          className="relative flex-1 cursor-crosshair touch-pan-y border-b border-l"
          style={{ height: HEIGHT }}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            const { x, y } = at(event);
            setDrag({ x0: x, y0: y, x1: x, y1: y });
          }}
          onPointerMove={(event) => {
            const { x, y } = at(event);
            setHover(areaOfDrag({ x0: x, y0: y, x1: x, y1: y }, heatmap));
            setDrag((before) => before && { ...before, x1: x, y1: y });
          }}
          onPointerUp={finish}
          onPointerCancel={() => setDrag(null)}
          onPointerLeave={() => setHover(null)}
        >
          <svg aria-hidden width="100%" height="100%" className="absolute inset-0">
            {heatmap.cells.map((cell) => {
              const x = `${(100 * cell.column) / heatmap.columns}%`;
              const width = `${100 / heatmap.columns}%`;
              const y = (HEIGHT * (rows - 1 - cell.row)) / rows;
              const height = HEIGHT / rows;
              // The eye compares areas of ink: a root keeps single traces visible beside busy cells.
              const strength = 0.22 + 0.78 * Math.sqrt(cell.traces / most);
              return (
                <g key={`${cell.column}/${cell.row}`}>
                  <rect
                    x={x}
                    y={y + 0.5}
                    width={width}
                    height={height - 1}
                    fill="var(--wait)"
                    opacity={strength}
                  />
                  {cell.errors > 0 && (
                    <rect x={x} y={y + height - 2.5} width={width} height={2} fill="var(--danger)" />
                  )}
                </g>
              );
            })}
          </svg>
          {area && <AreaOutline area={area} heatmap={heatmap} dragging={drag !== null} />}
        </div>
      </div>
      <TimeAxis heatmap={heatmap} />
      <figcaption className="flex flex-wrap justify-between gap-x-4 pt-1 text-xs text-subtle">
        <span>
          {area ? describeArea(area, heatmap) : `${formatCounted(total, "trace")} · drag to list only a part`}
        </span>
        <span className="flex items-center gap-1.5">
          <span aria-hidden className="size-2 rounded-[2px] bg-wait" /> traces
          <span aria-hidden className="ml-2 h-0.5 w-3 bg-danger" /> with errors
        </span>
      </figcaption>
    </figure>
  );
}

function describeArea(area: HeatmapArea, heatmap: HeatmapResponse): string {
  const { traces, errors } = countInArea(area, heatmap);
  const bounds = boundsOfArea(area, heatmap);
  const high = bounds.maxDurationNs;
  const span =
    high === undefined
      ? `${formatDuration(bounds.minDurationNs)} and longer`
      : `${formatDuration(bounds.minDurationNs)} – ${formatDuration(high)}`;
  return `${formatTime(bounds.fromNs)} – ${formatTime(bounds.toNs)}, ${span}: ${formatCounted(traces, "trace")}${errors > 0 ? `, ${errors} with errors` : ""}`;
}

function AreaOutline({
  area,
  heatmap,
  dragging,
}: {
  area: HeatmapArea;
  heatmap: HeatmapResponse;
  dragging: boolean;
}) {
  const rows = heatmap.durationBoundsNs.length;
  return (
    <div
      className={`pointer-events-none absolute rounded-[2px] outline outline-1 ${dragging ? "bg-accent/15 outline-accent" : "outline-control"}`}
      style={{
        left: `${(100 * area.firstColumn) / heatmap.columns}%`,
        width: `${(100 * (area.lastColumn - area.firstColumn + 1)) / heatmap.columns}%`,
        top: `${(100 * (rows - 1 - area.lastRow)) / rows}%`,
        height: `${(100 * (area.lastRow - area.firstRow + 1)) / rows}%`,
      }}
    />
  );
}

/** Every fourth bound or so, at the lower edge of its row. */
function DurationAxis({ bounds }: { bounds: readonly number[] }) {
  const every = Math.max(1, Math.ceil(bounds.length / 5));
  return (
    <div
      aria-hidden
      className="relative w-14 shrink-0 text-right text-xs text-subtle tabular-nums"
      style={{ height: HEIGHT }}
    >
      {bounds.map(
        (bound, row) =>
          row % every === 0 && (
            <span
              key={bound}
              className="absolute right-1.5 translate-y-1/2"
              style={{ bottom: `${(100 * row) / bounds.length}%` }}
            >
              {formatDuration(bound)}
            </span>
          ),
      )}
    </div>
  );
}

/** Round times, each at its place; one that would leave the axis on the right is not drawn. */
function TimeAxis({ heatmap }: { heatmap: HeatmapResponse }) {
  const [axis, width] = useWidth<HTMLDivElement>();
  const fromMillis = Number(BigInt(heatmap.fromUnixNano) / 1_000_000n);
  const wholeMillis = (heatmap.stepNs * heatmap.columns) / 1e6;
  const ticks = buildTimeTicks(fromMillis, fromMillis + wholeMillis, width / TIME_LABEL_ROOM);
  const left = (millis: number) => (width * (millis - fromMillis)) / wholeMillis;
  return (
    <div ref={axis} aria-hidden className="relative ml-14 h-4 text-xs text-subtle tabular-nums">
      {width > 0 &&
        ticks
          .filter(({ millis }) => left(millis) < width - TIME_LABEL_WIDTH)
          .map(({ millis, label }) => (
            <span
              key={millis}
              className="absolute border-l border-line-strong pt-0.5 pl-1 leading-3 whitespace-nowrap"
              style={{ left: left(millis) }}
            >
              {label}
            </span>
          ))}
    </div>
  );
}
