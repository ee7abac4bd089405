"use client";
import { scaleLinear } from "d3-scale";
import { area, curveStepAfter } from "d3-shape";
import { type PointerEvent, useId, useMemo, useState } from "react";
import { cn } from "@/components/ui/cn";
import { formatTime } from "@/lib/format";
import { type ChartMark, ChartMarks } from "./chart-marks";
import type { Band, StackedBands } from "./stacked-bands";
import { StepCard } from "./step-card";
import { buildTimeTicks } from "./time-ticks";
import { useWidth } from "./use-width";

interface BandChartProps {
  stacked: StackedBands;
  fromNs: bigint;
  toNs: bigint;
  /** What the chart shows, for screen readers. */
  label: string;
  colourOf: (key: string) => string;
  nameOf: (key: string) => string;
  /** Formats a height of the y axis. */
  formatRate: (rate: number) => string;
  /** The y axis has round multiples of this rate; default 1. */
  tickUnit?: number;
  /** The band to stand out; the others step back. */
  highlighted: string | null;
  height?: number;
  /** Moments that lead to pages of their own. */
  marks?: readonly ChartMark[];
  /** A stretch that was dragged over, in Unix nanoseconds. */
  onSelect?: (fromNs: bigint, toNs: bigint) => void;
}

const MARGIN = { top: 8, right: 8, bottom: 20 };
/** Of the y axis’ labels at 11 px. */
const DIGIT_WIDTH = 6.6;
const SHORTEST_DRAG = 6;
const NO_MARKS: readonly ChartMark[] = [];

/** Stacked steps over time: a step is as wide as it was measured, so areas are amounts. */
export function BandChart(props: BandChartProps) {
  const {
    stacked,
    fromNs,
    toNs,
    label,
    colourOf,
    nameOf,
    formatRate,
    highlighted,
    tickUnit = 1,
    height = 160,
    marks = NO_MARKS,
    onSelect,
  } = props;
  const clipId = useId();
  const [box, width] = useWidth<HTMLDivElement>();
  const [pointer, setPointer] = useState<number | null>(null);
  const [dragStart, setDragStart] = useState<number | null>(null);
  const spanMillis = Number(toNs - fromNs) / 1e6;
  const ground = height - MARGIN.bottom;
  const y = useMemo(
    () => scaleLinear([0, stacked.peak > 0 ? stacked.peak * 1.05 : 1], [ground, MARGIN.top]),
    [stacked.peak, ground],
  );
  const rateTicks = scaleLinear([0, (y.domain()[1] ?? 1) / tickUnit], [0, 1])
    .ticks(4)
    .map((tick) => ({ y: y(tick * tickUnit), label: formatRate(tick * tickUnit) }));
  const left = Math.max(36, 14 + DIGIT_WIDTH * Math.max(...rateTicks.map(({ label: text }) => text.length)));
  const right = Math.max(left + 1, width - MARGIN.right);

  const x = useMemo(() => scaleLinear([0, spanMillis], [left, right]), [spanMillis, left, right]);
  const paths = useMemo(
    () => stacked.bands.map((band) => drawBand(band, stacked.ticks, x, y)),
    [stacked, x, y],
  );
  const fromMillis = Number(fromNs / 1_000_000n);
  const timeTicks = buildTimeTicks(fromMillis, fromMillis + spanMillis, Math.floor(width / 90));

  const place = (event: PointerEvent) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return Math.max(left, Math.min(right, at));
  };
  const release = (event: PointerEvent) => {
    const end = place(event);
    if (dragStart !== null && Math.abs(end - dragStart) >= SHORTEST_DRAG && onSelect !== undefined) {
      const toInstant = (px: number) => fromNs + BigInt(Math.round(x.invert(px) * 1e6));
      onSelect(toInstant(Math.min(dragStart, end)), toInstant(Math.max(dragStart, end)));
    }
    setDragStart(null);
  };
  const step = pointer === null ? -1 : stacked.ticks.findLastIndex((tick) => tick <= x.invert(pointer));

  return (
    <div ref={box} className="relative select-none" style={{ height }}>
      {width > 0 && (
        <svg
          role="img"
          aria-label={label}
          width={width}
          height={height}
          className={cn("block touch-pan-y", onSelect !== undefined && "cursor-crosshair")}
          onPointerMove={(event) => setPointer(place(event))}
          onPointerLeave={() => {
            setPointer(null);
            setDragStart(null);
          }}
          onPointerDown={(event) => event.pointerType === "mouse" && setDragStart(place(event))}
          onPointerUp={release}
        >
          <clipPath id={clipId}>
            <rect x={left} width={right - left} height={height} />
          </clipPath>
          {rateTicks.map((tick) => (
            <g key={tick.y} transform={`translate(0 ${tick.y})`}>
              <line x1={left} x2={right} stroke="var(--line)" strokeWidth={1} shapeRendering="crispEdges" />
              <text x={left - 6} dy="0.32em" textAnchor="end" className="fill-subtle text-xs tabular-nums">
                {tick.label}
              </text>
            </g>
          ))}
          <g clipPath={`url(#${clipId})`}>
            {paths.map((path, index) => {
              const key = stacked.bands[index]?.key ?? "";
              return (
                <path
                  key={key}
                  d={path}
                  fill={colourOf(key)}
                  fillOpacity={highlighted === null || highlighted === key ? 0.85 : 0.18}
                  className="transition-[fill-opacity] duration-100"
                />
              );
            })}
            {dragStart !== null && pointer !== null && (
              <rect
                x={Math.min(dragStart, pointer)}
                width={Math.abs(pointer - dragStart)}
                y={MARGIN.top}
                height={ground - MARGIN.top}
                className="fill-focus/15 stroke-focus"
              />
            )}
          </g>
          {pointer !== null && (
            <line
              x1={pointer}
              x2={pointer}
              y1={MARGIN.top}
              y2={ground}
              stroke="var(--ink)"
              strokeWidth={1}
              opacity={0.4}
              pointerEvents="none"
            />
          )}
          {timeTicks.map(({ millis, label: text }) => (
            <text
              key={millis}
              x={Math.min(right - 14, Math.max(left + 14, x(millis - fromMillis)))}
              y={height - 5}
              textAnchor="middle"
              className="fill-subtle text-xs tabular-nums"
            >
              {text}
            </text>
          ))}
        </svg>
      )}
      {width > 0 && <ChartMarks marks={marks} fromNs={fromNs} toNs={toNs} x={x} top={0} />}
      {pointer !== null && dragStart === null && step >= 0 && step < stacked.ticks.length - 1 && (
        <StepCard
          stacked={stacked}
          step={step}
          title={formatTime(fromNs + BigInt(Math.round((stacked.ticks[step] ?? 0) * 1e6))).slice(0, 8)}
          colourOf={colourOf}
          nameOf={nameOf}
          formatRate={formatRate}
          style={pointer > width / 2 ? { right: width - pointer + 12 } : { left: pointer + 12 }}
        />
      )}
    </div>
  );
}

function drawBand(
  band: Band,
  ticks: readonly number[],
  x: (at: number) => number,
  y: (rate: number) => number,
): string {
  const last = band.edges[band.edges.length - 1];
  // The last step is drawn to its end by repeating its height there.
  const edges = last === undefined ? [] : [...band.edges, last];
  return (
    area<readonly [number, number]>()
      .x((_, index) => x(ticks[index] ?? 0))
      .y0(([low]) => y(low))
      .y1(([, high]) => y(high))
      .curve(curveStepAfter)(edges) ?? ""
  );
}
