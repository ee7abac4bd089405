"use client";
import type { UseQueryResult } from "@tanstack/react-query";
import { BandChart } from "@/components/chart/band-chart";
import type { ChartMark } from "@/components/chart/chart-marks";
import type { Band } from "@/components/chart/stacked-bands";
import { useTimeRange } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { ProgressLine } from "@/components/ui/progress-line";
import { ColourDot } from "@/components/ui/service-dot";
import { Skeleton } from "@/components/ui/skeleton";
import type { SeriesResponse } from "@/lib/api/contract";
import type { HotspanError } from "@/lib/errors";
import { formatCores, formatCount, formatValue } from "@/lib/format";
import { type ArrangedBands, formatEndpoint } from "./arrange-bands";
import type { SampleType } from "./sample-types";

interface CpuOverTimeProps {
  bands: ArrangedBands;
  type: SampleType;
  query: UseQueryResult<SeriesResponse, HotspanError>;
  /** Captures of the collector. */
  marks: readonly ChartMark[];
  highlighted: string | null;
  onHighlight: (endpoint: string | null) => void;
}

const HEIGHT = 168;

/** When it was, stacked by endpoint; dragging over a stretch makes it the page's range. */
export function CpuOverTime({
  bands,
  type: asked,
  query,
  marks,
  highlighted,
  onHighlight,
}: CpuOverTimeProps) {
  const range = useTimeRange();
  const { stacked, unit, stepNs, colourOf } = bands;
  const type: SampleType =
    query.data === undefined || query.data.meaning === "window" ? asked : { ...asked, kind: "level" };
  const formatRate = rateFormat(type, unit, stepNs);
  const title = `${type.label} over time`;
  return (
    <Panel
      title={title}
      actions={
        stacked !== null &&
        stacked.bands.length > 0 && <span className="text-muted text-sm">{axisLabel(type)}</span>
      }
      aria-label={title}
      aria-busy={query.isFetching}
      className="self-start"
    >
      <ProgressLine active={query.isPlaceholderData} className="-mb-0.5" />
      {stacked === null && query.error !== null ? (
        <ErrorState
          title="The series could not be loaded"
          error={query.error}
          onRetry={() => void query.refetch()}
          retrying={query.isFetching}
        />
      ) : stacked === null ? (
        <div className="p-3">
          <Skeleton className="h-36" />
        </div>
      ) : stacked.bands.length === 0 ? (
        <p className="flex items-center justify-center px-3 text-muted" style={{ height: HEIGHT }}>
          No {type.label} samples in this range.
        </p>
      ) : (
        <>
          <BandChart
            stacked={stacked}
            fromNs={range.fromNs}
            toNs={range.toNs}
            height={HEIGHT}
            label={`${title}, stacked by endpoint; the table that follows has the averages and peaks`}
            colourOf={colourOf}
            nameOf={formatEndpoint}
            formatRate={formatRate}
            tickUnit={unit === "bytes" ? bytesTick(stacked.peak, type, stepNs) : 1}
            highlighted={highlighted}
            marks={marks}
            onSelect={(from, to) => range.setRange({ from: toIso(from), to: toIso(to) })}
          />
          <BandLegend
            bands={stacked.bands}
            rangeNs={
              type.kind === "level"
                ? (query.data?.series[0]?.points.length ?? 1) * stepNs // a time at which nothing is known is not one of zero
                : Number(range.toNs - range.fromNs)
            }
            label={title}
            colourOf={colourOf}
            formatRate={formatRate}
            highlighted={highlighted}
            onHighlight={onHighlight}
          />
        </>
      )}
    </Panel>
  );
}

interface BandLegendProps {
  bands: readonly Band[];
  rangeNs: number;
  label: string;
  colourOf: (key: string) => string;
  formatRate: (rate: number) => string;
  highlighted: string | null;
  onHighlight: (endpoint: string | null) => void;
}

/** Legend and the chart's summary in numbers; a name under the pointer or with focus stands out in the chart. */
function BandLegend({
  bands,
  rangeNs,
  label,
  colourOf,
  formatRate,
  highlighted,
  onHighlight,
}: BandLegendProps) {
  return (
    <div className="max-h-64 overflow-y-auto border-line border-t py-1">
      <table aria-label={`${label}: average and peak by endpoint`} className="w-full table-fixed text-sm">
        <thead>
          <tr className="text-subtle">
            <th scope="col" className="px-3 py-0.5 text-left font-normal">
              Endpoint
            </th>
            <th scope="col" className="w-24 px-3 text-right font-normal">
              Average
            </th>
            <th scope="col" className="w-24 px-3 text-right font-normal">
              Peak
            </th>
          </tr>
        </thead>
        <tbody onPointerLeave={() => onHighlight(null)}>
          {bands.toReversed().map(({ key, total, edges }) => (
            <tr
              key={key}
              onPointerEnter={() => onHighlight(key)}
              className={cn(highlighted === key && "bg-hover")}
            >
              <th scope="row" className="px-3 py-0.5 text-left font-normal">
                <span className="flex min-w-0 items-center gap-2">
                  <ColourDot colour={colourOf(key)} />
                  <span className="truncate" title={formatEndpoint(key)}>
                    {formatEndpoint(key)}
                  </span>
                </span>
              </th>
              <td className="num px-3 text-muted">{formatRate(total / rangeNs)}</td>
              <td className="num px-3 text-muted">
                {formatRate(edges.reduce((highest, [low, high]) => Math.max(highest, high - low), 0))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** @returns how to read a value per nanosecond of this type */
function rateFormat(type: SampleType, unit: string, stepNs: number): (rate: number) => string {
  switch (type.kind) {
    case "time":
      return (rate) => formatCores(rate).replace(/ cores?$/, "");
    case "flow":
      return (rate) => (unit === "nanoseconds" ? formatCount(rate) : formatValue(rate * 1e9, unit));
    case "level":
      return (rate) => formatValue(rate * stepNs, unit);
  }
}

function axisLabel(type: SampleType): string {
  if (type.value === "cpu") return "cores";
  switch (type.kind) {
    case "time":
      return "seconds per second";
    case "flow":
      return "per second";
    case "level":
      return "at the time";
  }
}

/** The rate that is one KiB, MiB, ... so that the axis has round numbers of them. */
function bytesTick(peak: number, type: SampleType, stepNs: number): number {
  const perRate = type.kind === "level" ? stepNs : 1e9;
  const power = Math.max(0, Math.floor(Math.log2(Math.max(1, peak * perRate)) / 10));
  return 1_024 ** power / perRate;
}

function toIso(instant: bigint): string {
  return new Date(Number(instant / 1_000_000n)).toISOString();
}
